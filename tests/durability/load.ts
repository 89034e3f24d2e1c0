import { setTimeout as sleep } from "node:timers/promises"
import { recordViews, type Sealer } from "@wardkeep/audit"
import { createWardkeep, type Session, type Wardkeep } from "@wardkeep/postgres"
import { withLogin } from "../fixture/clinic.ts"
import { generator, pick } from "../fuzz/random.ts"
import type { EndangeredClinic } from "./clinic.ts"
import type { Handed } from "./reading-process.ts"
import { wayNames, wayOf } from "./ways.ts"

/** What a worker does again and again; the label is the request's, and stands in its events. */
type Turn = (request: string) => Promise<void>

export interface LoadOptions {
  readonly url: string
  readonly used: EndangeredClinic
  readonly survives: "process" | "server"
  readonly sealer: Sealer
  /** The first part of the label of each request. */
  readonly name: string
  readonly seed: number
}

interface Counted {
  done: number
  readonly refused: unknown[]
}

/** Writers, readers in every way and the sealer, who go on whatever they are told, and keep account of it. */
export class Load {
  /** Events that each request made which was told that it is done. */
  readonly acknowledged = new Map<string, number>()
  /** Requests that were told that they failed, with the events that they would have made. */
  readonly refused = new Map<string, number>()
  readonly handed: Handed[] = []
  readonly checkpoints: string[] = []
  readonly #counted = new Map<string, Counted>()
  readonly #wk: Wardkeep
  readonly #session: Session
  readonly #workers: Promise<void>[] = []
  #over = false

  constructor({ url, used, survives, sealer, name, seed }: LoadOptions) {
    const { policy, logins } = used.clinic
    const pool = { connectionString: withLogin(url, logins.app), max: 4 }
    this.#wk = createWardkeep({ pool, policy, views: recordViews(policy, { survives }) })
    this.#session = used.doctor
    const [first = "", second = "", ...others] = used.patients
    this.#work(`${name}-w1`, "write", 1, (request) => this.#write(first, request))
    this.#work(`${name}-w2`, "write-twice", 2, (request) => this.#writeTwice(second, request))
    for (const way of wayNames) {
      const random = generator(seed++)
      this.#work(`${name}-${way}`, way, 0, (request) => this.#read(way, pick(random, others), request))
    }
    this.#work(`${name}-s`, "seal", 0, async () => {
      const { checkpoint } = await sealer.seal()
      if (checkpoint !== null) this.checkpoints.push(checkpoint)
    })
  }

  static readonly kinds = ["write", "write-twice", ...wayNames, "seal"]

  /** Waits until each kind of work has been done, or refused, so many times from now on. */
  async until(what: "done" | "refused", kinds: readonly string[], times: number): Promise<void> {
    const count = (kind: string): number => {
      const { done, refused } = this.#of(kind)
      return what === "done" ? done : refused.length
    }
    const before = new Map(kinds.map((kind) => [kind, count(kind)]))
    const late = (): string[] => kinds.filter((kind) => count(kind) < (before.get(kind) ?? 0) + times)
    for (let turns = 0; late().length > 0; turns++) {
      if (turns > 4000) throw new Error(`not ${what} within 40 s: ${late().join(", ")}`)
      await sleep(10)
    }
  }

  /** What each kind of work was told since this was asked last, once each. */
  told(): ReadonlyMap<string, ReadonlySet<string>> {
    const told = [...this.#counted].map(
      ([kind, { refused }]) => [kind, new Set(refused.splice(0).map(textOf))] as const,
    )
    return new Map(told.filter(([, texts]) => texts.size > 0))
  }

  async end(): Promise<void> {
    this.#over = true
    await Promise.all(this.#workers)
    await this.#wk.close()
  }

  #of(kind: string): Counted {
    const counted = this.#counted.get(kind) ?? { done: 0, refused: [] }
    this.#counted.set(kind, counted)
    return counted
  }

  #work(name: string, kind: string, events: number, turn: Turn): void {
    const counted = this.#of(kind)
    const work = async (): Promise<void> => {
      for (let n = 1; !this.#over; n++) {
        const request = `${name}-${n}`
        try {
          await turn(request)
          counted.done++
          if (events > 0) this.acknowledged.set(request, events)
        } catch (error) {
          counted.refused.push(error)
          if (events > 0) this.refused.set(request, events)
        }
        await sleep(5)
      }
    }
    this.#workers.push(work())
  }

  async #write(patient: string, request: string): Promise<void> {
    const text = "update patient set phone = $2 where id = $1"
    await this.#wk.run(this.#session, { requestId: request }, () => this.#wk.query(text, [patient, request]))
  }

  async #writeTwice(patient: string, request: string): Promise<void> {
    await this.#wk.run(this.#session, { requestId: request }, () =>
      this.#wk.tx(async (q) => {
        await q.query("update patient set phone = $2 where id = $1", [patient, request])
        await q.query("insert into visit (patient_id, reason) values ($1, $2)", [patient, request])
      }),
    )
  }

  async #read(way: string, patient: string, request: string): Promise<void> {
    const text = (columns: string, rest: string): string => `select ${columns} ${rest}`
    const show = (person: string): void => void this.handed.push({ request, way, person, at: process.hrtime.bigint() })
    await this.#wk.run(this.#session, { requestId: request }, () => wayOf(way)(this.#wk, { patient, text }, show))
  }
}

/** Code and what it rests on: `WK411 < 53100`. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = "code" in error ? String(error.code) : error.message
  return error.cause === undefined ? own : `${own} < ${textOf(error.cause)}`
}

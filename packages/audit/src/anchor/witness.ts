import { WardkeepError } from "@wardkeep/core"
import type { Queryable } from "@wardkeep/postgres/migrate"
import { type Frontier, grow } from "../seal/tree.js"
// A cosignature is only ever read here, never written: the reader is the verifier's.
import { cosignaturesOf, type WitnessKey, witnessKey } from "../verify/cosignature.js"
import { type Anchor, answerOf, type Head, headOf, patience } from "./anchor.js"
import { consistencyProof, frontierAt, leavesOf } from "./proof.js"

export interface WitnessOptions {
  /** The witness's key as C2SP vkey, from whoever runs it. */
  readonly vkey: string
  /** Its submission prefix: `https://witness.example`. */
  readonly address: string
  /** Runs work on a connection of its own that may read schema `wardkeep_audit`. */
  readonly reading: <T>(work: (client: Queryable) => Promise<T>) => Promise<T>
  /** Milliseconds for one answer. Default 10000. */
  readonly timeout?: number
  /** For tests; default the clock. */
  readonly now?: () => Date
}

export interface WitnessAnchor extends Anchor {
  /** How many leaves of the log the witness knew when it cosigned last; 0: it had never seen this log, and tells nothing of its past. */
  readonly knew: number
}

/** How far the witness's clock may be from this one, in milliseconds: further, and an answer could be an old one said again. */
const clocks = 600_000
/** The first submission tells the size, the second one proves; more only when somebody else submits meanwhile. */
const attempts = 4

/**
 * A C2SP witness (tlog-witness): it checks that the log only ever grew since it saw it last, and cosigns with the time. Asked
 * about a checkpoint it has cosigned already it cosigns anew, so that asking is also how a rollback is found.
 *
 * @throws WK453 key or address
 * @example const witness = witnessAnchor({ vkey, address: "https://witness.example", reading })
 */
export function witnessAnchor(options: WitnessOptions): WitnessAnchor {
  return new Witness(options)
}

class Witness implements WitnessAnchor {
  readonly name: string
  knew = 0
  readonly #options: WitnessOptions
  readonly #key: WitnessKey
  readonly #address: string
  #seen: Frontier = { size: 0n, roots: [] }

  constructor(options: WitnessOptions) {
    this.#options = options
    this.#key = witnessKey(options.vkey)
    // No password in it: an error would repeat it.
    if (!URL.canParse(options.address) || !/^https?:\/\/[^@?#]+$/.test(options.address))
      throw new WardkeepError("WK453", { message: `the address of ${this.#key.name} is not a URL` })
    this.#address = `${options.address.replace(/\/+$/, "")}/add-checkpoint`
    this.name = `witness ${this.#key.name}`
  }

  async keep(checkpoint: string): Promise<string> {
    const head = headOf(checkpoint)
    for (let attempt = 0; attempt < attempts; attempt++) {
      const { leaves, proof } = await this.#proof(head)
      const asked = this.#now()
      const old = Number(this.#seen.size)
      const lines = proof.map((hash) => `${hash.toString("base64")}\n`).join("")
      const body = `old ${old}\n${lines}\n${checkpoint}`
      const request = new Request(this.#address, { method: "POST", body })
      const { status, text } = await answerOf(this.name, request, this.#options.timeout ?? patience)
      if (status === 200) {
        const cosigned = this.#cosigned(checkpoint, text, asked)
        this.knew = old
        if (old === 0) this.#seen = await this.#options.reading((client) => frontierAt(client, head.size))
        for (const leaf of leaves) this.#seen = grow(this.#seen, leaf)
        return cosigned
      }
      if (status !== 409) throw this.#refused(status, head, old)
      await this.#follow(text, head, old)
    }
    throw new WardkeepError("WK448", { message: `${this.name} changes its mind about the size of this log` })
  }

  /** An older state than the one it saw last is asked about with nothing to prove; the answer tells the size. */
  async #proof({ size }: Head): Promise<{ leaves: Buffer[]; proof: Buffer[] }> {
    const old = Number(this.#seen.size)
    if (old > size) this.#seen = { size: 0n, roots: [] }
    if (old === 0 || old >= size) return { leaves: [], proof: [] }
    const leaves: Buffer[] = []
    await this.#options.reading(async (client) => {
      for await (const leaf of leavesOf(client, "", old, size)) leaves.push(leaf)
    })
    return { leaves, proof: consistencyProof(this.#seen, leaves) }
  }

  /** 409: it knows the log at another size, or at this size with another root. */
  async #follow(text: string, { size }: Head, old: number): Promise<void> {
    const known = /^(0|[1-9]\d{0,14})\n?$/.exec(text)?.[1]
    if (known !== undefined && Number(known) > size)
      throw this.#history("ROLLED_BACK", `cosigned ${known} leaves of this log; ${size} are shown`)
    if (old === size && (text === "" || Number(known) === size))
      throw this.#history("SPLIT_VIEW", `cosigned another log of ${size} leaves under this name`)
    if (known === undefined || Number(known) === old)
      throw new WardkeepError("WK448", { message: `${this.name} refuses a size without saying which one it knows` })
    this.#seen = await this.#options.reading((client) => frontierAt(client, Number(known)))
    if (Number(this.#seen.size) !== Number(known)) {
      const there = Number(this.#seen.size)
      this.#seen = { size: 0n, roots: [] }
      throw this.#history("ROLLED_BACK", `cosigned ${known} leaves of this log; ${there} are there`)
    }
  }

  #refused(status: number, { size }: Head, old: number): WardkeepError {
    if (status === 422)
      return this.#history("SPLIT_VIEW", `cosigned ${old} leaves that are not the first ${old} of the ${size} shown`)
    const why: Record<number, string> = {
      403: "the log's key is not one it trusts",
      404: "it does not know this log, or has another address",
    }
    if (status >= 400 && status < 500)
      return new WardkeepError("WK449", { message: `${this.name} refuses: ${why[status] ?? `it answers ${status}`}` })
    return new WardkeepError("WK448", { message: `${this.name} answers ${status}` })
  }

  #history(verdict: "ROLLED_BACK" | "SPLIT_VIEW", what: string): WardkeepError {
    return new WardkeepError("WK451", { message: `${verdict}: ${this.name} ${what}` })
  }

  #cosigned(checkpoint: string, text: string, asked: Date): string {
    const found = cosignaturesOf(checkpoint + text, [this.#key]).filter(({ line }) => text.includes(line))
    if (found.length === 0)
      throw new WardkeepError("WK452", {
        message: `${this.name} answers with no cosignature of its key on this checkpoint`,
      })
    const [now, before] = [this.#now().getTime() + clocks, asked.getTime() - clocks]
    const fresh = found.find(({ at }) => at.getTime() >= before && at.getTime() <= now)
    if (fresh === undefined)
      throw new WardkeepError("WK452", {
        message: `${this.name} cosigned at ${found[0]?.at.toISOString()}, and it is ${asked.toISOString()}`,
      })
    return `${checkpoint}${fresh.line}\n`
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date()
  }
}

import { setTimeout as sleep } from "node:timers/promises"
import type pg from "pg"
import { type Started, startCli } from "../../cli/run-cli.ts"
import { pick } from "../random.ts"

export interface SealerOptions {
  /** Holds the policy file, the key and the file of checkpoints. */
  readonly folder: string
  readonly args: readonly string[]
  readonly admin: pg.Client
  /** The login that seals and does nothing else. */
  readonly login: string
  /** Milliseconds that it seals on average before something ends it. */
  readonly lifetime: number
  readonly random: () => number
}

const ends = ["killed", "killed in a batch", "its session ended", "its session ended in a batch"] as const
export type End = (typeof ends)[number]

/** Who seals, and how far; another number each time. */
interface State {
  readonly fence: string
  readonly batch: string
}

/** The command line's sealer, which is killed and started again without end. */
export class MortalSealer {
  readonly #options: SealerOptions
  readonly ends: Record<End | "came too early", number> = {
    killed: 0,
    "killed in a batch": 0,
    "its session ended": 0,
    "its session ended in a batch": 0,
    "came too early": 0,
  }
  /** What it said that it should not have. */
  readonly complaints: string[] = []
  life = 0

  constructor(options: SealerOptions) {
    this.#options = options
  }

  /** How often something ended it. */
  get deaths(): number {
    return ends.reduce((sum, end) => sum + this.ends[end], 0)
  }

  async live(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.complaints.length === 0) await this.#liveOnce()
  }

  async #liveOnce(): Promise<void> {
    const { folder, args, lifetime, random } = this.#options
    const before = await this.#state()
    const running = startCli(folder, args)
    let over = false
    const ended = running.ended.finally(() => {
      over = true
    })
    const has = async (what: keyof State): Promise<void> => {
      while (!over && (await this.#state())[what] === before[what]) await sleep(30)
    }
    await has("fence")
    this.life++
    // One in three may die before it has sealed anything; the others get on, however slow the machine is.
    if (random() < 2 / 3) await has("batch")
    const until = Date.now() + random() * 2 * lifetime
    while (!over && Date.now() < until) await sleep(10)
    const end = pick(random, ends)
    if (!over) await this.#end(running, end)
    const { code, stdout, stderr } = await ended
    const said = `${stdout}${stderr}`
    if (code === 4 && said.includes("WK403")) this.ends["came too early"]++
    else if (end.startsWith("killed") ? code === null : code === 3 && said.includes("WK005")) this.ends[end]++
    else this.complaints.push(`ended with ${code} instead of being ${end}: ${said}`)
  }

  async #end(running: Started, end: End): Promise<void> {
    const batch = end.endsWith("in a batch")
    for (let turns = 0; batch && turns < 200 && !(await this.#isSealing()); turns++) await sleep(5)
    if (end.startsWith("killed")) return running.kill("SIGKILL")
    const { admin, login } = this.#options
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", [login])
  }

  async #state(): Promise<State> {
    const { rows } = await this.#options.admin.query<State>(
      "select fence::text, batch::text from wardkeep_audit.seal_state",
    )
    if (rows[0] === undefined) throw new Error("the state of sealing has one row")
    return rows[0]
  }

  /** Whether its transaction has written. */
  async #isSealing(): Promise<boolean> {
    const { rows } = await this.#options.admin.query(
      "select from pg_stat_activity where usename = $1 and backend_xid is not null and state <> 'idle'",
      [this.#options.login],
    )
    return rows.length > 0
  }
}

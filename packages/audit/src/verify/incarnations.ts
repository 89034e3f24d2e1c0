import type { KeyObject } from "node:crypto"
import type { IncarnationAct } from "./acts.js"
import type { Kept } from "./kept.js"
import { judged } from "./note.js"
import type { Ends } from "./retired.js"
import type { Verdict } from "./verdict.js"

/** What the log says where it goes on in another database, or in an older state of its own. */
interface Beginning {
  readonly leaf: number
  /** The name before, and from there on. */
  readonly before: string
  readonly next: string
  /** What the database was, and what it is. */
  readonly from: string
  readonly to: string
  readonly kept: Signed
  /** The newest checkpoint that was known outside; without one nobody looked. */
  readonly outside?: Signed
  /** Whose signature it is. */
  readonly key: string
  readonly actor: string
  readonly on: string
}

interface Signed {
  readonly size: number
  /** base64 */
  readonly root: string
}

/** A batch of the deployment's log, and in which database it was sealed. */
export interface SealedBatch {
  readonly leaf: number
  readonly incarnation: string
  readonly when: Date
}

/** One of the names under which a log was signed, and at which size the next one begins. */
export interface Era {
  readonly name: string
  readonly until: number
}

const statement =
  /^(([^\n]+)\nincarnation ([^\n]+)\n([^\n]*)\n([^\n]+)\n(0|[1-9]\d{0,14}) ([A-Za-z0-9+/]{43}=)\n(?:-|(0|[1-9]\d{0,14}) ([A-Za-z0-9+/]{43}=))\n)\n((?:— \S+ [A-Za-z0-9+/=]+\n)+)$/u

/** Under which names the deployment's log was signed, learned from acts that are signed themselves. */
export class Incarnations {
  readonly verdicts: Verdict[] = []
  readonly eras: readonly Era[]
  readonly #beginnings: Beginning[] = []

  /** @param origin the newest name · `ends` until where each retired key signed */
  constructor(
    readonly origin: string,
    acts: readonly IncarnationAct[],
    batches: readonly SealedBatch[],
    trusted: { readonly keys: readonly KeyObject[]; readonly ends: Ends },
    roots: ReadonlyMap<number, Buffer>,
  ) {
    for (const act of acts) {
      const read = readAct(act, trusted)
      const wrong = typeof read === "string" ? read : this.#contradiction(read, batches, roots)
      if (wrong !== undefined)
        this.#fault("KEY_UNKNOWN", `leaf ${act.leaf} says that another incarnation begins: ${wrong}`)
      else if (typeof read !== "string") this.#beginnings.push(read)
    }
    const first = this.#beginnings[0]?.before ?? origin
    const names = [first, ...this.#beginnings.map(({ next }) => next)]
    this.eras = names.map((name, at) => ({ name, until: this.#beginnings[at]?.kept.size ?? Number.POSITIVE_INFINITY }))
    for (const each of this.#beginnings) this.verdicts.push(told(origin, each))
    this.#undeclared(batches)
  }

  /** Whether this is the loss that the act declares, which names the newest checkpoint that was lost. */
  declares({ origin, size, root, key }: Kept): boolean {
    const act = this.#beginnings.find(({ before }) => before === origin)
    if (act?.outside === undefined || key !== act.key || size > act.outside.size) return false
    return size < act.outside.size || root.toString("base64") === act.outside.root
  }

  /** What signs an act has to agree with what is sealed around it; nothing where it does. */
  #contradiction(
    act: Beginning,
    batches: readonly SealedBatch[],
    roots: ReadonlyMap<number, Buffer>,
  ): string | undefined {
    const last = this.#beginnings.at(-1)
    const after = batches.findIndex(({ leaf }) => leaf > act.leaf)
    const [before, own] = [batches[after - 1], batches[after]]
    if (last !== undefined && last.next !== act.before) return "under another name than the one before"
    if (before === undefined || own === undefined) return "no batch stands on both sides of it"
    if (before.incarnation !== act.from || own.incarnation !== act.to)
      return "the batches around it were sealed elsewhere"
    if (act.kept.size <= before.leaf || act.kept.size > act.leaf) return "not after what it says was kept"
    return roots.get(act.kept.size)?.toString("base64") === act.kept.root
      ? undefined
      : "after other leaves than those here"
  }

  /** Between two batches the database became another one, and no act says so: whatever was in between may be gone. */
  #undeclared(batches: readonly SealedBatch[]): void {
    for (const [at, { leaf, incarnation, when }] of batches.entries()) {
      const before = batches[at - 1]
      if (before === undefined || before.incarnation === incarnation) continue
      if (this.#beginnings.some((act) => act.leaf > before.leaf && act.leaf < leaf)) continue
      this.#fault(
        "GAP_OF_CAPTURE",
        `the database was restored, cloned or promoted between ${before.when.toISOString()} and ${when.toISOString()}, and no act says so`,
      )
    }
  }

  #fault(name: Verdict["name"], message: string): void {
    this.verdicts.push({ name, origin: this.origin, message })
  }
}

/** The name that a log had at a size. */
export function nameAt(eras: readonly Era[], size: number): string {
  return (eras.find(({ until }) => size <= until) ?? eras.at(-1))?.name ?? ""
}

/** The names of a tenant's log, each until the last tree head that the deployment's log had of it then. */
export function tenantEras(
  eras: readonly Era[],
  tenant: string,
  heads: readonly { readonly size: number; readonly leaf: number }[],
): Era[] {
  const sizeBefore = (until: number): number =>
    heads.reduce((most, { leaf, size }) => (leaf < until ? Math.max(most, size) : most), 0)
  return eras.map(({ name, until }) => ({
    name: `${name}/${encodeURIComponent(tenant)}`,
    until: until === Number.POSITIVE_INFINITY ? until : sizeBefore(until),
  }))
}

function readAct(
  { leaf, incarnation, actor, on }: IncarnationAct,
  { keys, ends }: { readonly keys: readonly KeyObject[]; readonly ends: Ends },
): Beginning | string {
  const found = statement.exec(incarnation)
  if (found === null) return "not in words that this verifier knows"
  const [, body = "", before = "", next = "", from = "", to = "", size, root = "", known, knownRoot = ""] = found
  const { signature, key } = judged(body, before, found[10] ?? "", keys)
  if (signature !== "valid" || key === undefined) return "no trusted key signed that"
  if ((ends.get(key) ?? Number.POSITIVE_INFINITY) <= leaf) return "a key signed that which was retired before"
  const outside = known === undefined ? {} : { outside: { size: Number(known), root: knownRoot } }
  return { leaf, before, next, from, to, kept: { size: Number(size), root }, ...outside, key, actor, on }
}

function told(origin: string, { on, actor, before, from, to, kept, outside }: Beginning): Verdict {
  const lost = Math.max(0, (outside?.size ?? 0) - kept.size)
  const loss =
    outside === undefined
      ? "nobody looked outside whether more had been signed"
      : lost === 0
        ? "no more were known outside"
        : `${outside.size} were signed, so ${lost} are lost`
  const message = `since ${on} in another incarnation, by ${actor} (${from} → ${to}); ${kept.size} leaves were kept of ${before}, ${loss}`
  return { name: "REBASED", origin, message, count: lost }
}

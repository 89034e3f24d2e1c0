import type { DropAct } from "./acts.js"
import { Gaps, type SealTimes } from "./dropped.js"
import { eventLeaf, leafOf, type OpenEvent, Tree } from "./hashing.js"
import type { Checkpoint } from "./note.js"
import type { Verdict, VerdictName } from "./verdict.js"

/** A leaf as somebody shows it. Withheld leaves show their hash only. */
export interface ShownLeaf {
  readonly index: number
  readonly hash: Buffer
  readonly event?: OpenEvent
  readonly entry?: Buffer
  /** The leaf belongs to an event that is not there any more. */
  readonly gone?: boolean
  /** What was about a person has been erased: commitments stand in its place. */
  readonly erased?: boolean
  /** Of a database: the time beside the leaf is not its event's. */
  readonly isMoved?: boolean
  /** Of a database: the time beside an entry, in microseconds since 1970. */
  readonly storedAt?: number
  /** The leaf is of a version that this verifier does not know. */
  readonly unknown?: boolean
}

/** Leaves from the first to the last, as many at once as came at once: to wait for each alone would take longer than to hash it. */
export type Pages = AsyncIterable<Iterable<ShownLeaf>>

export interface LogToVerify {
  readonly origin: string
  readonly leaves: Pages
  /** What the log itself shows. */
  readonly checkpoints: readonly Checkpoint[]
  /** At which sizes else the tree is compared. */
  readonly sizes: readonly number[]
  /** Asked once every leaf was read, as what follows. */
  readonly sealedIn: SealTimes
  readonly known: (roots: ReadonlyMap<number, Buffer>) => Known
}

/** What is known of a log besides what it shows. */
export interface Known {
  /** The name under which it was signed at a size. */
  readonly nameAt: (size: number) => string
  /** What was kept elsewhere: anchors, and tree heads that another verified log vouches for. */
  readonly outside: readonly Outside[]
}

export interface Outside {
  readonly size: number
  readonly root: Buffer
  /** At which size the log went on under another name than this one's. */
  readonly until?: number
}

/** Faults of one kind are listed up to here, then counted. */
const listed = 20

interface VerifiedLeaves {
  readonly size: number
  /** Leaves of which only the hash was shown. */
  readonly withheld: number
  readonly erased: number
  readonly dropped: number
  readonly unknown: number
  readonly verdicts: Verdict[]
  /** Drops that the log says were carried out. */
  readonly done: readonly DropAct[]
}

/** Reads a log once, from the first leaf to the last, and says what happened to it. */
export async function verifyLog(log: LogToVerify): Promise<VerifiedLeaves> {
  const found = new Faults(log.origin)
  const signed = new Set(log.checkpoints.filter((c) => c.signature === "valid").map((c) => c.size))
  const claimed = log.checkpoints.reduce((most, c) => (c.signature === "unknown" ? Math.max(most, c.size) : most), 0)
  const tree = new RootedTree([...signed, ...log.sizes])
  const order = new Order(signed)
  const gaps = new Gaps(log.sealedIn)
  const count = { withheld: 0, erased: 0, dropped: 0, unknown: 0 }
  let next = 0
  let gap = false
  for await (const page of log.leaves)
    for (const leaf of page) {
      if (leaf.index !== next) {
        gap = true
        if (leaf.index > next) found.add("DELETED", `leaves ${next} to ${leaf.index - 1} are not there`)
        else found.add("INSERTED", `leaf ${leaf.index} is there twice`)
      }
      next = leaf.index + 1
      checkContent(leaf, found)
      gaps.see(leaf)
      if (leaf.unknown === true) count.unknown++
      else if (leaf.erased === true) count.erased++
      else if (leaf.event === undefined && leaf.entry === undefined && leaf.gone !== true) count.withheld++
      order.see(leaf, tree.size)
      tree.push(leaf.hash)
    }
  const { size, roots } = tree
  const { verdicts } = found
  const { nameAt, outside } = log.known(roots)
  const own = trustworthy(log.checkpoints, nameAt, found)
  const { dropped, done, deleted } = gaps.settle()
  for (const index of deleted) found.add("DELETED", `the event of leaf ${index} is not there`)
  const contentFaults = verdicts.length
  compareOwn({ own, claimed, roots, size, disorder: order.disorder, gap }, found)
  compareOutside(outside, roots, size, verdicts.length === contentFaults && !gap, found)
  for (const { month, events, actor, on } of dropped) {
    count.dropped += events
    const message = `${events} events of ${month} were dropped on ${on} by ${actor}; their hashes are here`
    verdicts.push({ name: "DROPPED", origin: log.origin, count: events, message })
  }
  return { size, ...count, verdicts, done }
}

/** A tree, and its roots at these sizes. */
class RootedTree {
  readonly #tree = new Tree()
  readonly roots = new Map<number, Buffer>([[0, this.#tree.root()]])
  readonly #wanted: readonly number[]
  #passed = 0

  constructor(sizes: readonly number[]) {
    this.#wanted = [...sizes].sort((a, b) => a - b)
  }

  get size(): number {
    return this.#tree.size
  }

  push(leaf: Buffer): void {
    this.#tree.push(leaf)
    for (; (this.#wanted[this.#passed] ?? Number.POSITIVE_INFINITY) <= this.size; this.#passed++)
      if (this.#wanted[this.#passed] === this.size) this.roots.set(this.size, this.#tree.root())
  }
}

/** Leaves that come before one of an earlier transaction in the same batch, which ends at a size that is signed. */
class Order {
  readonly disorder: number[] = []
  #before: OpenEvent | undefined

  constructor(readonly signed: ReadonlySet<number>) {}

  see({ index, event }: ShownLeaf, size: number): void {
    if (this.signed.has(size)) this.#before = undefined
    if (event === undefined) return
    if (this.#before !== undefined && isAfter(this.#before, event)) this.disorder.push(index)
    this.#before = event
  }
}

class Faults {
  readonly verdicts: Verdict[] = []
  readonly #count = new Map<VerdictName, number>()

  constructor(readonly origin: string) {}

  add(name: VerdictName, message: string): void {
    const count = (this.#count.get(name) ?? 0) + 1
    this.#count.set(name, count)
    if (count <= listed) this.verdicts.push({ name, origin: this.origin, message })
  }
}

/** The log's own tree heads by size, as far as they are signed by somebody trusted. */
function trustworthy(checkpoints: readonly Checkpoint[], nameAt: Known["nameAt"], found: Faults): Map<number, Buffer> {
  const own = new Map<number, Buffer>()
  for (const { origin, size, root, signature } of checkpoints) {
    if (origin !== nameAt(size))
      found.add("SPLIT_VIEW", `a checkpoint of another log stands in this one, at size ${size}`)
    else if (signature === "unknown")
      found.add("KEY_UNKNOWN", `the checkpoint of size ${size} is signed by no trusted key`)
    else if (signature === "forged")
      found.add("EDITED", `the signature of the checkpoint of size ${size} does not hold`)
    else if (own.get(size)?.equals(root) === false)
      found.add("SPLIT_VIEW", `two signed checkpoints of size ${size} differ`)
    else own.set(size, root)
  }
  return own
}

function checkContent(leaf: ShownLeaf, found: Faults): void {
  if (leaf.gone === true) return
  const computed =
    leaf.event !== undefined ? eventLeaf(leaf.event) : leaf.entry !== undefined ? leafOf(leaf.entry) : leaf.hash
  if (!computed.equals(leaf.hash)) found.add("EDITED", `leaf ${leaf.index} is not what was sealed`)
  else if (leaf.isMoved === true) found.add("EDITED", `the time of leaf ${leaf.index} is not that of its event`)
}

function isAfter(a: OpenEvent, b: OpenEvent): boolean {
  const byTransaction = compared(a.xid, b.xid)
  return byTransaction > 0 || (byTransaction === 0 && compared(a.id, b.id) > 0)
}

/** Of two numbers as decimal text: over zero where the first is larger. */
function compared(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)]
  if (Number.isSafeInteger(x) && Number.isSafeInteger(y)) return x - y
  return BigInt(a) === BigInt(b) ? 0 : BigInt(a) > BigInt(b) ? 1 : -1
}

interface Compared {
  readonly own: ReadonlyMap<number, Buffer>
  /** How many leaves somebody signed whose key is not trusted: told as KEY_UNKNOWN. */
  readonly claimed: number
  readonly roots: ReadonlyMap<number, Buffer>
  readonly size: number
  /** Leaves that come before one of an earlier transaction in the same batch. */
  readonly disorder: readonly number[]
  /** Indexes that are missing or doubled have been told already. */
  readonly gap: boolean
}

function compareOwn({ own, claimed, roots, size, disorder, gap }: Compared, found: Faults): void {
  const sizes = [...own.keys()].sort((a, b) => a - b)
  const newest = sizes.at(-1) ?? 0
  const wrong = sizes.find(
    (each) => each <= size && roots.get(each)?.equals(own.get(each) ?? roots.get(0) ?? Buffer.of()) !== true,
  )
  if (size > Math.max(newest, claimed))
    found.add("INSERTED", `${size - newest} leaves follow the newest checkpoint, which signs ${newest}`)
  if (wrong === undefined) {
    if (size < newest && !gap) found.add("TRUNCATED", `the newest checkpoint signs ${newest} leaves, ${size} are there`)
    return
  }
  const before = sizes.filter((each) => each < wrong).at(-1) ?? 0
  const where = `between leaf ${before} and leaf ${wrong - 1}`
  if (gap || size > newest) return
  if (size < newest) {
    found.add("DELETED", `${newest - size} leaves are not there, the first ${where}`)
    return
  }
  const moved = disorder.filter((index) => index >= before && index < wrong)
  if (moved.length > 0) found.add("REORDERED", `leaves ${where} stand in another order than they were sealed in`)
  else found.add("EDITED", `leaves ${where} are not those that were signed`)
}

/** A tree head from outside decides between an older state of the same log and another log under the same name. */
function compareOutside(
  outside: readonly Outside[],
  roots: ReadonlyMap<number, Buffer>,
  size: number,
  sound: boolean,
  found: Faults,
): void {
  for (const head of outside) {
    if (head.size > (head.until ?? head.size))
      found.add(
        "ROLLED_BACK",
        `outside, ${head.size} leaves were signed; of them ${head.until} were kept, and another name begins`,
      )
    else if (head.size > size) found.add("ROLLED_BACK", `outside, ${head.size} leaves were signed; ${size} are there`)
    else if (sound && roots.get(head.size)?.equals(head.root) !== true)
      found.add("SPLIT_VIEW", `outside, other ${head.size} leaves were signed than those shown`)
  }
}

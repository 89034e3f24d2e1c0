import type { KeyObject } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import { requireKnown, verifyLogs } from "./deployment.js"
import { leafOf, Tree } from "./hashing.js"
import type { Pages, ShownLeaf } from "./log.js"
import { type Checkpoint, readCheckpoint } from "./note.js"
import { knownEnds } from "./retired.js"
import { requireAnchorsOf } from "./same-deployment.js"
import { type Verdict, type Verification, verification } from "./verdict.js"

export interface VerifyTilesOptions {
  /** What lies under a path of the log's prefix: `checkpoint`, `tile/0/x001/234`; undefined where nothing does. */
  readonly read: (path: string) => Promise<Uint8Array | undefined>
  /** From somebody you trust, never from whoever serves the tiles. */
  readonly keys: readonly KeyObject[]
  /** Checkpoints that were kept elsewhere; those of this log are compared. */
  readonly anchors?: readonly string[]
  /** The last checkpoint of each key that was retired, as `rotate-key --last` kept it: what such a key signed later is KEY_UNKNOWN, whatever is shown says. */
  readonly retired?: readonly string[]
}

const width = 256
/** So many tiles that are not there are named; then the log is taken to end. */
const missed = 20

/**
 * Verifies C2SP tlog-tiles from the first leaf to the last, every level, and the entries as far as they are there.
 *
 * @throws WK405 there is no checkpoint · WK406 an anchor is of another deployment · WK407 unknown version · WK457 `retired`
 * @example await verifyTiles({ read: (path) => readFile(join(folder, path)).catch(() => undefined), keys })
 */
export async function verifyTiles(options: VerifyTilesOptions): Promise<Verification> {
  const { read, keys, anchors = [], retired = [] } = options
  const bytes = await read("checkpoint")
  if (bytes === undefined) throw new WardkeepError("WK405", { message: "there is no checkpoint with these tiles" })
  const checkpoint = readCheckpoint(Buffer.from(bytes).toString("utf8"), keys)
  if (checkpoint === undefined)
    throw new WardkeepError("WK405", { message: "the checkpoint of these tiles is damaged" })
  const kept = anchors.map((note) => readCheckpoint(note, keys)).filter((head) => head !== undefined)
  requireAnchorsOf(checkpoint.origin, kept)
  const own = kept.filter(({ origin }) => origin === checkpoint.origin)
  const tiles = new Tiles(read, checkpoint)
  // Each log verifies for itself, as the deployment's does: what it says of others is compared with nothing here.
  const logs = async function* () {
    yield { tenant: "", seed: Buffer.of(), checkpoints: [checkpoint], isClosed: true, leaves: tiles.leaves() }
  }
  const isTenants = checkpoint.origin.split("/").length > 3
  const found = await verifyLogs(logs(), own, { keys, retired: isTenants ? [] : retired })
  await tiles.checkAbove()
  const verdicts = [...tiles.faults, ...found.verdicts, ...(isTenants ? undated(checkpoint, retired, keys) : [])]
  requireKnown({ verdicts, unknown: found.unknown })
  return verification(
    verdicts,
    found.logs,
    own.some(({ signature }) => signature === "valid"),
  )
}

/** The ends of keys are sizes of the deployment's log, and a tenant's tiles do not say of what size that was. */
function undated({ origin, size, key }: Checkpoint, retired: readonly string[], keys: readonly KeyObject[]): Verdict[] {
  if (!knownEnds(origin, retired, keys).has(key ?? "")) return []
  const message = `the checkpoint of size ${size} is signed by a key that was retired, and these tiles do not tell whether before; the log or a bundle does`
  return [{ name: "KEY_UNKNOWN", origin, message }]
}

class Tiles {
  readonly faults: Verdict[] = []
  /** The roots of the full tiles of leaves; undefined where the tile could not be read. */
  #roots: (Buffer | undefined)[] = []
  #missing = 0

  constructor(
    readonly read: VerifyTilesOptions["read"],
    readonly checkpoint: Checkpoint,
  ) {}

  async *leaves(): Pages {
    const { size } = this.checkpoint
    for (let index = 0; index * width < size && this.#missing < missed; index++) {
      const wide = Math.min(width, size - index * width)
      const hashes = await this.#hashes(0, index, wide)
      if (wide === width) this.#roots.push(hashes === undefined ? undefined : rootOf(hashes))
      if (hashes === undefined) continue
      const entries = await this.#entries(index, wide)
      yield hashes.map((hash, at) => this.#leaf(index * width + at, hash, entries?.[at]))
    }
  }

  /** Every level above the leaves, from what the one below it has. */
  async checkAbove(): Promise<void> {
    let below = this.#roots
    for (let level = 1; below.length > 0 && this.#missing < missed; level++) {
      const roots: (Buffer | undefined)[] = []
      for (let from = 0; from < below.length; from += width) {
        const expected = below.slice(from, from + width)
        const hashes = await this.#hashes(level, from / width, expected.length)
        const differs = hashes?.some((hash, at) => expected[at]?.equals(hash) === false)
        if (differs === true)
          this.#add("EDITED", level, from / width, expected.length, "is not what the tiles below say")
        const isKnown = expected.every((hash) => hash !== undefined)
        if (expected.length === width) roots.push(isKnown ? rootOf(expected) : undefined)
      }
      below = roots
    }
  }

  async #hashes(level: number, index: number, wide: number): Promise<Buffer[] | undefined> {
    const found = await this.#tile(level, index, wide)
    if (found === undefined) {
      this.#missing++
      this.#add("DELETED", level, index, wide, "is not there")
      return undefined
    }
    const bytes = found.isWhole ? found.bytes.subarray(0, wide * 32) : found.bytes
    const expected = found.isWhole ? width : wide
    if (found.bytes.length !== expected * 32) {
      this.#add("EDITED", level, index, wide, `is ${found.bytes.length} bytes long, and not ${expected * 32}`)
      return undefined
    }
    return Array.from({ length: wide }, (_, at) => bytes.subarray(at * 32, at * 32 + 32))
  }

  async #entries(index: number, wide: number): Promise<Buffer[] | undefined> {
    const found = await this.#tile("entries", index, wide)
    if (found === undefined) return undefined
    const entries = entriesIn(found.bytes)
    if (entries?.length === (found.isWhole ? width : wide)) return entries
    this.#add("EDITED", "entries", index, wide, "does not hold the entries of its tile")
    return undefined
  }

  /** A partial tile may be taken away once the full one is there. */
  async #tile(
    level: number | "entries",
    index: number,
    wide: number,
  ): Promise<{ bytes: Buffer; isWhole: boolean } | undefined> {
    const partial = wide < width ? await this.read(pathOf(level, index, wide)) : undefined
    if (partial !== undefined) return { bytes: Buffer.from(partial), isWhole: false }
    const whole = await this.read(pathOf(level, index, width))
    return whole === undefined ? undefined : { bytes: Buffer.from(whole), isWhole: true }
  }

  /** An event's entry is compared here: the log's reader takes events opened, and batches and tree heads as they are. */
  #leaf(index: number, hash: Buffer, entry: Buffer | undefined): ShownLeaf {
    if (entry === undefined || entry[0] !== 1 || entry[1] !== 1)
      return { index, hash, ...(entry !== undefined && { entry }) }
    if (!leafOf(entry).equals(hash))
      this.faults.push({
        name: "EDITED",
        origin: this.checkpoint.origin,
        message: `leaf ${index} is not what was sealed`,
      })
    return { index, hash }
  }

  #add(name: Verdict["name"], level: number | "entries", index: number, wide: number, what: string): void {
    this.faults.push({ name, origin: this.checkpoint.origin, message: `${pathOf(level, index, wide)} ${what}` })
  }
}

function rootOf(hashes: readonly (Buffer | undefined)[]): Buffer {
  const tree = new Tree()
  for (const hash of hashes) if (hash !== undefined) tree.push(hash)
  return tree.root()
}

/** C2SP tlog-tiles: an index in groups of three digits, all but the last with an x before it. */
function pathOf(level: number | "entries", index: number, wide: number): string {
  let path = String(index % 1000).padStart(3, "0")
  for (let left = Math.floor(index / 1000); left > 0; left = Math.floor(left / 1000))
    path = `x${String(left % 1000).padStart(3, "0")}/${path}`
  return `tile/${level}/${path}${wide < width ? `.p/${wide}` : ""}`
}

/** C2SP tlog-tiles: each entry after its length in two bytes; undefined where the last one is cut. */
function entriesIn(bytes: Buffer): Buffer[] | undefined {
  const entries: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    if (at + 2 > bytes.length) return undefined
    const end = at + 2 + bytes.readUInt16BE(at)
    if (end > bytes.length) return undefined
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  return entries
}

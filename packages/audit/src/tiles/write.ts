import { WardkeepError } from "@wardkeep/core"
import { inTransaction, type Queryable } from "@wardkeep/postgres/migrate"
import { type Head, headOf } from "../anchor/anchor.js"
import { leavesOf } from "../anchor/proof.js"
import { originOf } from "../seal/note.js"
import { leafHash } from "../seal/tree.js"
import { Edge, type Tile } from "./edge.js"
import type { TileStore } from "./folder.js"
import { tilePath, tileWidth } from "./layout.js"
import { type TiledLeaf, tiledLeaves } from "./leaves.js"

export interface TilesOptions {
  /** A dedicated connection of the migrator's login with the owner's role in force. */
  readonly client: Queryable
  readonly deployment: string
  /** Whose log; empty: the deployment's own. A store holds one log. */
  readonly tenant: string
  readonly store: TileStore
}

export interface Tiles {
  readonly origin: string
  /** How many leaves the checkpoint signs that is in the store now. */
  readonly leaves: number
  /** How many files were added. */
  readonly added: number
  /** How many bundles of entries there are none of, because an event of theirs is gone or an entry is too long. */
  readonly withheld: number
}

/**
 * Writes a log as C2SP tlog-tiles: what is new since the last time, and the checkpoint last, so that whoever reads meanwhile finds
 * what the old one signs. Nothing is written that the newest checkpoint does not sign.
 *
 * Of several writers at once the newest checkpoint stays.
 *
 * @throws WK408 nothing sealed · WK454 the store holds another log, or another history of this one · WK458 another writer does not
 *   end · WK009 the store
 * @example await writeTiles({ client, deployment, tenant: "", store: tileFolder("/srv/log", "/srv/log") })
 */
export async function writeTiles(options: TilesOptions): Promise<Tiles> {
  const { client, store } = options
  return await inTransaction(
    client,
    async () => {
      // Before the log is read: whatever was published then is of no more leaves than the log has now.
      let before = await store.read("checkpoint")
      const newest = await newestOf(options)
      const head = headOf(newest.note)
      for (let turn = 0, added = 0; ; turn++, before = await store.read("checkpoint")) {
        const published = publishedIn(before, head.origin)
        // Another writer was at work meanwhile, and read the log later.
        if (turn > 0 && published.size > head.size)
          return { origin: head.origin, leaves: published.size, added, withheld: 0 }
        requireBehind(published, head)
        if (published.body === head.body) return { origin: head.origin, leaves: head.size, added, withheld: 0 }
        const writing = await written(options, published, { head, root: newest.root })
        added += writing.added
        if (await store.swap("checkpoint", before, Buffer.from(newest.note)))
          return { origin: head.origin, leaves: head.size, added, withheld: writing.withheld }
      }
    },
    "begin isolation level repeatable read read only",
  )
}

async function written(
  options: TilesOptions,
  published: Head,
  { head, root }: { readonly head: Head; readonly root: Buffer },
): Promise<Writing> {
  const edge = await edgeOf(options.store, published.size)
  await rehearse(options, edge.copy(), published, head, root)
  const writing = new Writing(options, edge)
  for await (const leaf of tiledLeaves(options.client, options.tenant, beginning(published), head.size))
    await writing.push(leaf)
  await writing.end()
  return writing
}

async function newestOf({ client, deployment, tenant }: TilesOptions): Promise<{ note: string; root: Buffer }> {
  const { rows } = await client.query<{ note: string; id: string }>(
    `select c.note, (select s.deployment::text from wardkeep_audit.seal_state s) as id
       from wardkeep_audit.checkpoint c join wardkeep_audit.log g on g.id = c.log where g.tenant = $1 order by c.size desc limit 1`,
    [tenant],
  )
  const [newest] = rows
  if (newest === undefined) throw new WardkeepError("WK408", { message: "nothing of this log has been sealed" })
  const [origin, , root = ""] = newest.note.split("\n")
  // A log that has not grown since a restore is signed under the name before.
  if (
    origin === undefined ||
    withoutIncarnation(origin) !== withoutIncarnation(originOf(deployment, newest.id, tenant))
  )
    throw new WardkeepError("WK454", { message: "the newest checkpoint is of another log" })
  return { note: newest.note, root: Buffer.from(root, "base64") }
}

const withoutIncarnation = (origin: string): string => origin.split("/").toSpliced(2, 1).join("/")

function publishedIn(bytes: Buffer | undefined, origin: string): Head {
  if (bytes === undefined) return { origin, size: 0, body: "" }
  const published = headOf(bytes.toString("utf8"))
  if (published.origin !== origin)
    throw new WardkeepError("WK454", { message: `the tiles are of ${published.origin}, the log is ${origin}` })
  return published
}

function requireBehind(published: Head, head: Head): void {
  if (published.size > head.size || (published.size === head.size && published.body !== head.body))
    throw new WardkeepError("WK454", {
      message: `the tiles are of ${published.size} leaves, and of these the log has other ones: ${head.size} are signed`,
    })
}

/** The first leaf that is read anew: leaves of a full tile are not. */
const beginning = ({ size }: Head): number => size - (size % tileWidth)

async function edgeOf(store: TileStore, size: number): Promise<Edge> {
  // Leaves of the last tile are read from the log again.
  const levels = [{ index: Math.floor(size / tileWidth), hashes: [] as Buffer[] }]
  for (let count = Math.floor(size / tileWidth), level = 1; count > 0; count = Math.floor(count / tileWidth), level++) {
    const [index, width] = [Math.floor(count / tileWidth), count % tileWidth]
    levels.push({ index, hashes: width === 0 ? [] : await hashesOf(store, level, index, width) })
  }
  return new Edge(levels)
}

/** A partial tile may have been taken away once it was full. */
async function hashesOf(store: TileStore, level: number, index: number, width: number): Promise<Buffer[]> {
  const path = tilePath(level, index, width)
  const bytes = (await store.read(path)) ?? (await store.read(tilePath(level, index)))?.subarray(0, width * 32)
  if (bytes?.length !== width * 32)
    throw new WardkeepError("WK454", { message: `${path} is ${bytes === undefined ? "not there" : "not whole"}` })
  return Array.from({ length: width }, (_, at) => bytes.subarray(at * 32, at * 32 + 32))
}

/** Before a tile is written that would never be written over. */
async function rehearse(options: TilesOptions, edge: Edge, published: Head, head: Head, root: Buffer): Promise<void> {
  const old = { leaves: beginning(published), root: published.body.split("\n")[2] }
  const differs = (what: string): WardkeepError =>
    new WardkeepError("WK454", { message: `tiles and leaves do not have the root that ${what}` })
  const { client, tenant } = options
  for await (const hash of leavesOf(client, tenant, beginning(published), head.size)) {
    edge.push(hash)
    if (++old.leaves === published.size && edge.root().toString("base64") !== old.root)
      throw differs("the published checkpoint signs")
  }
  if (!edge.root().equals(root)) throw differs("the newest checkpoint signs")
}

class Writing {
  added = 0
  withheld = 0
  /** Of the tile of leaves that is being filled. */
  #leaves: TiledLeaf[] = []

  constructor(
    readonly options: TilesOptions,
    readonly edge: Edge,
  ) {}

  async push(leaf: TiledLeaf): Promise<void> {
    this.#leaves.push(leaf)
    for (const tile of this.edge.push(leaf.hash)) await this.#add(tile)
  }

  async end(): Promise<void> {
    for (const tile of this.edge.partial()) await this.#add(tile)
  }

  async #add({ level, index, hashes }: Tile): Promise<void> {
    await this.#put(level, index, hashes.length, Buffer.concat(hashes))
    if (level > 0) return
    if (this.options.tenant === "") {
      const bundle = entryBundle(this.#leaves)
      if (bundle === undefined) this.withheld++
      else await this.#put("entries", index, hashes.length, bundle)
    }
    this.#leaves = []
  }

  async #put(level: number | "entries", index: number, width: number, bytes: Buffer): Promise<void> {
    const { store } = this.options
    if (await store.add(tilePath(level, index, width), bytes)) this.added++
    if (width === tileWidth) await store.remove(`${tilePath(level, index)}.p`)
  }
}

/** C2SP tlog-tiles: each entry after its length in two bytes. Nothing where one of them cannot be shown. */
function entryBundle(leaves: readonly TiledLeaf[]): Buffer | undefined {
  const parts: Buffer[] = []
  for (const { index, hash, entry } of leaves) {
    if (entry === undefined || entry.length > 0xffff) return undefined
    if (!leafHash(entry).equals(hash))
      throw new WardkeepError("WK454", { message: `leaf ${index} is not what was sealed` })
    const length = Buffer.alloc(2)
    length.writeUInt16BE(entry.length)
    parts.push(length, entry)
  }
  return Buffer.concat(parts)
}

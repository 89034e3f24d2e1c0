import { emptyTree, type Frontier, grow, rootOf } from "../seal/tree.js"
import { tileWidth } from "./layout.js"

/** Consecutive hashes of one level. */
export interface Tile {
  readonly level: number
  readonly index: number
  readonly hashes: readonly Buffer[]
}

const growAll = (hashes: readonly Buffer[]): Frontier => hashes.reduce(grow, emptyTree)

/** The right edge of a log's tiles: of each level the hashes of the tile that is not full yet. */
export class Edge {
  readonly #levels: { index: number; hashes: Buffer[] }[]

  /** @param levels the tiles that are not full, from the leaves on; one without hashes where all are full */
  constructor(levels: readonly { readonly index: number; readonly hashes: readonly Buffer[] }[] = []) {
    this.#levels = levels.map(({ index, hashes }) => ({ index, hashes: [...hashes] }))
  }

  copy(): Edge {
    return new Edge(this.#levels)
  }

  /** Adds one leaf, and returns the tiles that it filled. */
  push(leaf: Buffer): Tile[] {
    const filled: Tile[] = []
    let hash = leaf
    for (let level = 0; ; level++) {
      this.#levels[level] ??= { index: 0, hashes: [] }
      const last = this.#levels[level]
      last?.hashes.push(hash)
      if (last === undefined || last.hashes.length < tileWidth) return filled
      const { index, hashes } = last
      filled.push({ level, index, hashes })
      hash = rootOf(growAll(hashes))
      this.#levels[level] = { index: index + 1, hashes: [] }
    }
  }

  /** The tiles that are not full; empty ones are none. */
  partial(): Tile[] {
    return this.#levels.map((last, level) => ({ level, ...last })).filter(({ hashes }) => hashes.length > 0)
  }

  /** The root of the whole log. */
  root(): Buffer {
    const roots = this.#levels.map(({ hashes }) => growAll(hashes).roots).reverse()
    return rootOf({ size: 0n, roots: roots.flat() })
  }
}

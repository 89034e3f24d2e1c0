import { createHash } from "node:crypto"
import { expect, it } from "vitest"
import { leafHash } from "../seal/tree.js"
import { rootAbove } from "../verify/hashing.js"
import { Edge, type Tile } from "./edge.js"
import { inclusionPath } from "./inclusion.js"
import { tilePath } from "./layout.js"

/** The leaves and roots that the Certificate Transparency implementations of RFC 6962 are tested with, by size. */
const published = {
  leaves: ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"],
  roots: [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ],
}

const leaf = (n: number): Buffer => createHash("sha256").update(String(n)).digest()
const inOrder = async function* (leaves: readonly Buffer[]): AsyncIterable<Buffer> {
  yield* leaves
}

function grown(edge: Edge, leaves: readonly Buffer[]): Tile[] {
  return [...leaves.flatMap((each) => edge.push(each)), ...edge.partial()]
}

/** RFC 6962, section 2.1.1, as it is written there. */
function path(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return []
  const k = 2 ** Math.ceil(Math.log2(leaves.length) - 1)
  const root = (some: readonly Buffer[]): Buffer => {
    const edge = new Edge()
    grown(edge, some)
    return edge.root()
  }
  return index < k
    ? [...path(index, leaves.slice(0, k)), root(leaves.slice(k))]
    : [...path(index - k, leaves.slice(k)), root(leaves.slice(0, k))]
}

it("has the published roots of RFC 6962, and a path to each of them from each leaf", async () => {
  const leaves = published.leaves.map((hex) => leafHash(Buffer.from(hex, "hex")))
  for (const [size, root] of published.roots.entries()) {
    const edge = new Edge()
    grown(edge, leaves.slice(0, size))
    expect(edge.root().toString("hex")).toBe(root)
    for (const [index, each] of leaves.slice(0, size).entries()) {
      const found = await inclusionPath(inOrder(leaves.slice(0, size)), index, size)
      expect(rootAbove(each, index, size, found)?.toString("hex")).toBe(root)
    }
  }
})

it("leads from every leaf of every tree of up to 20 leaves to its root, and from nowhere else", async () => {
  const all = Array.from({ length: 20 }, (_, n) => leaf(n))
  for (let size = 1; size <= all.length; size++) {
    const leaves = all.slice(0, size)
    const edge = new Edge()
    grown(edge, leaves)
    for (const [index, each] of leaves.entries()) {
      const found = await inclusionPath(inOrder(leaves), index, size)
      expect(found).toEqual(path(index, leaves))
      const root = edge.root()
      expect(rootAbove(each, index, size, found)).toEqual(root)
      expect(rootAbove(each, index, size, [...found, each])).toBeUndefined()
      if (size > 1) {
        expect(rootAbove(each, index, size, found.slice(1))?.equals(root)).not.toBe(true)
        expect(rootAbove(each, index ^ 1, size, found)?.equals(root)).not.toBe(true)
      }
      expect(rootAbove(each, index + size, size, found)).toBeUndefined()
    }
  }
})

it("lays tiles out as C2SP tlog-tiles says: its path of 1234067, its tree of 70,000 and its tree of 256", () => {
  expect(tilePath(0, 1234067)).toBe("tile/0/x001/x234/067")
  expect(tilePath(63, 0, 1)).toBe("tile/63/000.p/1")
  expect(tilePath("entries", 1000)).toBe("tile/entries/x001/000")
  const some = Array.from({ length: 70_000 }, (_, n) => leaf(n))
  const tiles = grown(new Edge(), some)
  const widths = (level: number): number[] => tiles.filter((t) => t.level === level).map((t) => t.hashes.length)
  expect(widths(0)).toEqual([...Array.from({ length: 273 }, () => 256), 112])
  expect(widths(1)).toEqual([256, 17])
  expect(widths(2)).toEqual([1])
  expect(grown(new Edge(), some.slice(0, 256)).map((t) => [t.level, t.hashes.length])).toEqual([
    [0, 256],
    [1, 1],
  ])
})

import { join } from "node:path"
import { build } from "esbuild"
import { expect, test } from "vitest"
import { root } from "./pack.ts"

/** Node modules that a bundle of the entry would need; for a browser there are none to give. */
async function nodeModulesIn(contents: string): Promise<string[]> {
  const needed: string[] = []
  await build({
    stdin: { contents, resolveDir: join(root, "packages/wardkeep"), loader: "js" },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    logLevel: "silent",
    plugins: [
      {
        name: "node-modules",
        setup({ onResolve }) {
          onResolve({ filter: /^(node:|fs$|path$|crypto$|async_hooks$|os$|util$|buffer$)/ }, ({ path }) => {
            needed.push(path)
            return { path, external: true }
          })
        },
      },
    ],
  })
  return needed
}

test("a bundle of @wardkeep/core needs nothing from Node", async () => {
  expect(await nodeModulesIn('export * from "@wardkeep/core"')).toEqual([])
})

test("the bundle guard fires on a Node module", async () => {
  expect(await nodeModulesIn('export * from "@wardkeep/core"\nexport * from "node:fs"')).toEqual(["node:fs"])
})

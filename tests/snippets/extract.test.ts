import { expect, test } from "vitest"
import { runnableSnippets } from "./extract.ts"

test("finds the blocks that are marked, with their place, and no others", () => {
  const text = "a\n```ts runnable\none\n\ntwo\n```\n```ts\nnot me\n```\n```ts runnable\nthree\n```\n"
  expect(runnableSnippets("x.md", text)).toEqual([
    { where: "x.md:2", language: "ts", text: "one\n\ntwo" },
    { where: "x.md:10", language: "ts", text: "three" },
  ])
})

test("refuses a block that never ends", () => {
  expect(() => runnableSnippets("x.md", "```ts runnable\none")).toThrow("x.md:1: the block does not end")
})

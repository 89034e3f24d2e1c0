import { expect, test } from "vitest"
import { escapes } from "./escape-hatches.ts"
import { repositoryFiles } from "./repository.ts"

const planted = (text: string, path = "packages/core/src/planted.ts") => escapes([{ path, text }])

test("the type system is not switched off anywhere", () => {
  expect(escapes(repositoryFiles().filter(({ path }) => !path.startsWith("tests/architecture/escape-")))).toEqual([])
})

test.each([
  "const a = b as any",
  "function f(a: any) {}",
  "const a: any[] = []",
  "const m = new Map<any, string>()",
  "// @ts-ignore\nconst a = b",
  "// @ts-nocheck\n",
  "// @ts-expect-error\nconst a = b",
  "const a = b as unknown as C\n".repeat(7),
])("the guard fires on %j", (text) => {
  expect(planted(text)).toHaveLength(1)
})

test("prose and strings about any thing are not casts", () => {
  expect(planted('const text = "takes: any value"\n/**\n * Returns: any row.\n */\n')).toEqual([])
})

test("a test may expect a type error, but not use any", () => {
  expect(planted("// @ts-expect-error refused\n", "packages/core/src/a.test.ts")).toEqual([])
  expect(planted("const a = b as any", "packages/core/src/a.test.ts")).toHaveLength(1)
})

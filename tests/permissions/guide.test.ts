import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { expect, test, vi } from "vitest"
import { runnableSnippets } from "../snippets/extract.ts"

const page = "docs/guides/permissions.md"
const here = fileURLToPath(new URL(".", import.meta.url))

test("every line of the guide prints what its comment says", async () => {
  const markdown = await readFile(fileURLToPath(new URL(`../../${page}`, import.meta.url)), "utf8")
  const [snippet] = runnableSnippets(page, markdown)
  const printed: string[] = []
  const log = vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => {
    printed.push(values.map(String).join(" "))
  })
  try {
    const { outputFiles } = await build({
      stdin: { contents: snippet?.text ?? "", loader: "ts", resolveDir: here },
      bundle: true,
      format: "esm",
      platform: "node",
      conditions: ["@wardkeep/source"],
      write: false,
    })
    await import(`data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? "")}`)
  } finally {
    log.mockRestore()
  }
  const promised = [...(snippet?.text ?? "").matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, says = ""]) => says)
  expect(promised).toHaveLength(6)
  expect(printed.map((line, index) => (promised[index]?.startsWith(line) ? promised[index] : line))).toEqual(promised)
})

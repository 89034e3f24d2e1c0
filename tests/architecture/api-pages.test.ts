import { spawnSync } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import { root } from "./repository.ts"

/** What the check "api pages" makes of one module, by the options of the repository. */
async function documented(module: string): Promise<{ status: number | null; text: string }> {
  const folder = await mkdtemp(join(tmpdir(), "wardkeep-api-pages-"))
  try {
    await writeFile(join(folder, "planted.ts"), module)
    await writeFile(join(folder, "tsconfig.json"), '{ "compilerOptions": { "strict": true }, "files": ["planted.ts"] }')
    // Without a package of its own, typedoc takes what is not exported for another's.
    await writeFile(join(folder, "package.json"), '{ "name": "planted", "version": "1.0.0" }')
    const options = {
      extends: join(root, "tests/config/typedoc.json"),
      entryPoints: ["planted.ts"],
      tsconfig: "tsconfig.json",
    }
    await writeFile(join(folder, "typedoc.json"), JSON.stringify(options))
    const typedoc = join(root, "node_modules/typedoc/bin/typedoc")
    const args = [typedoc, "--options", join(folder, "typedoc.json"), "--emit", "none", "--skipErrorChecking"]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" })
    return { status, text: stdout + stderr }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const planted = `
interface Inner { a: number }
/** Like {@link former}. */
export const made: Inner = { a: 1 }
`

// That pages without a warning are green is what the check shows on the repository itself.
it("a docstring that names what is gone, and a type that is used and not exported, are red", {
  timeout: 240_000,
}, async () => {
  const { status, text } = await documented(planted)
  expect(status).toBeGreaterThan(0)
  expect(text).toContain("former")
  expect(text).toContain("Inner, defined in")
})

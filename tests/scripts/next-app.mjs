import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { root, run } from "./run.mjs"
import { hashOf, isStamped, stamp } from "./stamp.mjs"

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`

/** What Next itself writes, and what is no part of the application: it would make every second run build again. */
const isWritten = (name) => /^(node_modules|browser|README\.md|next-env\.d\.ts|\.next.*|.*\.tsbuildinfo)$/.test(name)

/**
 * Installs and builds an application of Next that is no part of the workspace, when it or one of `also` has changed. Next is
 * 340 MB, more than everything else together, so each has a folder and a lockfile of its own.
 */
export async function buildNextApp(name, at, also) {
  const folder = join(root, at)
  const once = async (step, files, isThere, work) => {
    const file = join(root, "node_modules/.wardkeep", `${name}-${step}`)
    const wanted = hashOf(folder, files)
    if (isStamped(file, wanted) && isThere()) return
    const since = Date.now()
    const code = await work()
    if (code !== 0) throw new Error(`${step} of ${at} exited with ${code}`)
    stamp(file, wanted)
    process.stdout.write(`${name}-${step}: ${seconds(since)}\n`)
  }
  const hasNext = () => existsSync(join(folder, "node_modules/next"))
  await once("install", ["package.json", "pnpm-lock.yaml"], hasNext, async () => {
    const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
    const args = [
      "--yes",
      packageManager,
      "install",
      "--ignore-workspace",
      "--frozen-lockfile",
      "--reporter=append-only",
    ]
    return await run("npx", args, { cwd: folder, quiet: true, env: { CI: "true", npm_config_loglevel: "error" } })
  })
  const sources = readdirSync(folder).filter((one) => !isWritten(one))
  const isBuilt = () => existsSync(join(folder, ".next/BUILD_ID"))
  await once("build", [...sources, ...also], isBuilt, async () => {
    const next = join(folder, "node_modules/next/dist/bin/next")
    return await run(process.execPath, [next, "build"], { cwd: folder, env: { NEXT_TELEMETRY_DISABLED: "1" } })
  })
}

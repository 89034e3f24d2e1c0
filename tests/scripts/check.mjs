import { install } from "./bootstrap.mjs"
import { checks, runChecks } from "./checks.mjs"

await install()
const only = process.argv.slice(2)
const chosen = checks.filter(({ name }) => only.length === 0 || only.includes(name))
for (const [place, code] of (await runChecks(chosen)).entries()) {
  process.stdout.write(`${chosen[place].name}: ${code === 0 ? "fine" : "failed"}\n`)
  if (code !== 0) process.exitCode = 1
}

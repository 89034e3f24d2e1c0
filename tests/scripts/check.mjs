import { install } from "./bootstrap.mjs"
import { checks } from "./checks.mjs"

await install()
const only = process.argv.slice(2)
for (const check of checks.filter(({ name }) => only.length === 0 || only.includes(name))) {
  const code = await check.run()
  process.stdout.write(`${check.name}: ${code === 0 ? "fine" : "failed"}\n`)
  if (code !== 0) process.exitCode = 1
}

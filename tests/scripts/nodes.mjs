import { readFileSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { legNamed } from "../config/legs.mjs"
import { build, install } from "./bootstrap.mjs"
import { majors, nodeProgram } from "./node-build.mjs"
import { root } from "./run.mjs"
import { Tally } from "./tally.mjs"
import { filesEndingIn, vitest } from "./vitest.mjs"

// `npm run nodes`: what a newer Node.js could change, on each that is claimed beside the one of `npm test`. By hand, because it
// is the same tests again. `npm run nodes -- 24 adapters`: one of them, and of its suites those named. docs/reference/adapters.md
// shows what each suite did when it was run last.
const record = join(root, "tests/contracts/nodes.json")
const ways = filesEndingIn(".db.test.ts", ["tests/contracts"]).filter((file) => /\/(als|cls)[^/]*$/.test(file))
const isPooler = (file) => file.endsWith(".pooler.db.test.ts")

/** What each is in vitest's words, and the leg of it that asks a database. */
const suites = {
  packages: { args: ["--project=unit", "packages/"] },
  adapters: { leg: "embedded18", args: ["tests/contracts/adapters/adapters.db.test.ts"] },
  identity: { leg: "embedded18", args: ["tests/contracts/identity/identity.db.test.ts"] },
  interleaving: { leg: "embedded18", args: ways.filter((file) => !isPooler(file)) },
  pooler: { leg: "pgbouncer", args: ways.filter(isPooler) },
  packaging: { args: ["--project=packaging"] },
}

const words = process.argv.slice(2)
const chosen = (all) => (words.some((word) => all.includes(word)) ? all.filter((one) => words.includes(one)) : all)
const unknown = words.filter((word) => !majors.includes(word) && !(word in suites))
if (unknown.length > 0)
  throw new Error(`${unknown.join(", ")}: there are ${[...majors, ...Object.keys(suites)].join(", ")}`)

await install()
await build()
const tally = new Tally()
for (const major of chosen(majors)) {
  const { program, version } = await nodeProgram(major)
  const env = { PATH: [dirname(program), process.env.PATH].join(delimiter) }
  for (const suite of chosen(Object.keys(suites))) {
    const { leg: name, args } = suites[suite]
    const leg = name === undefined ? undefined : legNamed(name)
    const reason = leg?.available()
    const title = `Node.js ${version}, ${suite}`
    if (reason !== undefined) {
      tally.check(`${title}: not available here (${reason})`, false)
      continue
    }
    const told = leg === undefined ? args : ["--project=db", ...args]
    const outcome = await vitest(tally, title, told, { env: { ...env, ...leg?.env }, node: program })
    keep(major, suite, { node: version, on: new Date().toISOString().slice(0, 10), ...outcome })
  }
}
process.stdout.write(`\n${tally.notes.join("\n")}\n${tally.lastLine}\n`)
process.exitCode = tally.failed === 0 ? 0 : 1

function keep(major, suite, outcome) {
  const kept = JSON.parse(readFileSync(record, "utf8"))
  kept[suite] = { ...kept[suite], [major]: outcome }
  writeFileSync(record, `${JSON.stringify(kept, undefined, 2)}\n`)
}

import { build, install } from "./bootstrap.mjs"
import { Tally } from "./tally.mjs"
import { filesEndingIn, vitest } from "./vitest.mjs"

// `npm run fuzz -- --statements 1000000 --seed 7 --leg pg15`: fuzz tests read these from the environment.
const value = (flag, otherwise) => {
  const at = process.argv.indexOf(flag)
  return at === -1 ? otherwise : process.argv[at + 1]
}

await install()
await build()
const tally = new Tally()
const files = [".fuzz.test.ts", ".fuzz.db.test.ts"].flatMap((suffix) => filesEndingIn(suffix))
const env = {
  WARDKEEP_FUZZ_STATEMENTS: value("--statements", "1000000"),
  WARDKEEP_FUZZ_SEED: value("--seed", String(Date.now() % 2 ** 31)),
  WARDKEEP_TEST_LEG: value("--leg", "embedded18"),
}
if (files.length === 0) tally.note("fuzz: no *.fuzz.test.ts or *.fuzz.db.test.ts yet")
else await vitest(tally, `fuzz with seed ${env.WARDKEEP_FUZZ_SEED}`, files, env)
process.stdout.write(`\n${tally.notes.join("\n")}\n${tally.lastLine}\n`)
process.exitCode = tally.failed === 0 ? 0 : 1

import { legNamed } from "../config/legs.mjs"
import { build, install } from "./bootstrap.mjs"
import { Tally } from "./tally.mjs"
import { filesEndingIn, vitest } from "./vitest.mjs"

// `npm run fuzz -- --statements 1000000 --seed 7 --leg pg15`: fuzz tests read these from the environment.
const value = (flag, otherwise) => {
  const at = process.argv.indexOf(flag)
  return at === -1 ? otherwise : process.argv[at + 1]
}
const statements = Number(value("--statements", "1000000"))
const seed = value("--seed", String(Date.now() % 2 ** 31))

/** Direct: all of them. Through PgBouncer, four times as slow: as many again, divided by four. */
const runs = [
  { suffixes: [".fuzz.test.ts", ".fuzz.db.test.ts"], leg: value("--leg", "embedded18"), statements },
  { suffixes: [".fuzz.pooler.db.test.ts"], leg: "pgbouncer", statements: Math.ceil(statements / 4) },
]

await install()
await build()
const tally = new Tally()
for (const { suffixes, leg, statements: count } of runs) {
  const files = suffixes.flatMap((suffix) => filesEndingIn(suffix))
  const server = legNamed(leg)
  const available = server === undefined ? "no leg has this name" : server.available()
  if (available !== undefined) tally.check(`fuzz on ${leg}: not available here (${available})`, false)
  else
    await vitest(tally, `fuzz on ${leg}, ${count} statements, seed ${seed}`, files, {
      env: {
        ...server.env,
        ...(await server.fetch?.()),
        WARDKEEP_FUZZ_STATEMENTS: String(count),
        WARDKEEP_FUZZ_SEED: seed,
      },
      limitMinutes: 120,
    })
}
process.stdout.write(`\n${tally.notes.join("\n")}\n${tally.lastLine}\n`)
process.exitCode = tally.failed === 0 ? 0 : 1

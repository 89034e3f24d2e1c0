import { expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { knownRows, runRandomReads } from "#tests/fixture/random-read-runs.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "./recorder.js"

const database = useDatabase()
const used = useClient(database, { policy: viewedPolicy(), extensions: [audit], views: recordViews })
const statements = 500

it(`${statements} random statements name whose rows went into what they show`, { timeout: 600_000 }, async () => {
  const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? Date.now() % 2 ** 31)
  process.stdout.write(`added columns: seed ${seed}\n`)
  const known = await knownRows(used)
  const { pairs, exact } = await runRandomReads({ used, database, known }, seed, statements)
  process.stdout.write(`added columns: ${pairs} statements × tables × executions, ${exact} exact\n`)
  expect(exact).toBeGreaterThan(pairs / 2)
})

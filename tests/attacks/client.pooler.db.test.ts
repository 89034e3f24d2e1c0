import { useDatabase } from "#tests/harness/src/use-database.ts"
import { injectedSql } from "./client-cases.ts"

/** One session of the server, so that everybody meets what was left on it. */
const pooler = { poolSize: 1 }

injectedSql(useDatabase({ pooler }), "portable", true)
injectedSql(useDatabase({ pooler }), "accelerated", true)

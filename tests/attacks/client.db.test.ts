import { useDatabase } from "#tests/harness/src/use-database.ts"
import { injectedSql } from "./client-cases.ts"

injectedSql(useDatabase(), "portable")
injectedSql(useDatabase(), "accelerated")

import { useDatabase } from "#tests/harness/src/use-database.ts"
import { underOwnSuite } from "./under-own-suite.ts"

underOwnSuite(useDatabase(), ["portable"])

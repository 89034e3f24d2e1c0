import { useDatabase } from "#tests/harness/src/use-database.ts"
import { heldCursors } from "./held-cursor-cases.ts"

heldCursors(useDatabase(), "portable")
heldCursors(useDatabase(), "accelerated")

import { fromNamespace } from "@wardkeep/postgres/cls-hooked"
import cls from "cls-hooked"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { interleavingContract } from "./interleaving.ts"

const namespace = cls.createNamespace("contract-pooler")

interleavingContract("cls-hooked, through PgBouncer", {
  database: useDatabase({ pooler: { poolSize: 4 } }),
  contextStore: fromNamespace(namespace),
  request: (work) => namespace.runAndReturn(work),
  client: { pooler: true },
})

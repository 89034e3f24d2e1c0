import { fromNamespace } from "@wardkeep/postgres/cls-hooked"
import cls from "cls-hooked"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { interleavingContract } from "./interleaving.ts"

const namespace = cls.createNamespace("contract")

interleavingContract("cls-hooked, direct", {
  database: useDatabase(),
  contextStore: fromNamespace(namespace),
  request: (work) => namespace.runAndReturn(work),
})

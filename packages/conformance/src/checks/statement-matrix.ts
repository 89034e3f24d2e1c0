import { onBoth, type Way } from "../probe/way.js"
import { readWays } from "./WKC021-read-by-other-statements/ways.js"
import { insteadOfInsert, plainInsert } from "./WKC022-insert-for-other-tenant/ways.js"
import { joiningWay } from "./WKC023-update-other-tenant/joining.js"
import { takeOverWay } from "./WKC023-update-other-tenant/take-over.js"
import { blindWay as blindUpdate, updateWays } from "./WKC023-update-other-tenant/ways.js"
import { blindWay as blindDelete, deleteWays } from "./WKC024-delete-other-tenant/ways.js"
import { moveWays } from "./WKC025-move-row-to-other-tenant/ways.js"

/** A line of the table: what is tried, on what, by which check. */
export interface TriedStatement extends Way {
  readonly check: string
}

const by = (check: string, ways: readonly Way[]): TriedStatement[] => ways.map((way) => ({ ...way, check }))

/** Every statement of the matrix, from the lists that the probes go through. */
export const statementMatrix: readonly TriedStatement[] = [
  ...by("WKC020", [{ statement: "SELECT", given: "", on: ["tables"] }]),
  ...by("WKC040", [{ statement: "SELECT", given: "", on: ["views"] }]),
  ...by("WKC021", readWays),
  ...by("WKC022", [plainInsert, ...insteadOfInsert]),
  ...by("WKC023", [...updateWays, blindUpdate, takeOverWay, joiningWay]),
  ...by("WKC024", [...deleteWays, blindDelete]),
  ...by("WKC025", moveWays),
  ...by("WKC026", [
    { statement: "INSERT … ON CONFLICT DO UPDATE, the key of another's row", given: "", on: ["tables"] },
  ]),
  ...by("WKC060", [
    { statement: "INSERT, the key of another's row: does it tell?", given: "", on: ["tables"] },
    {
      statement: "INSERT … ON CONFLICT DO NOTHING, the key of another's row: does it tell?",
      given: "",
      on: ["tables"],
    },
  ]),
  ...by("WKC027", [{ statement: "TRUNCATE", given: "", on: ["tables"] }]),
  ...by("WKC034", [{ statement: "SELECT", given: "prepared by one tenant, executed by the next", on: ["tables"] }]),
  ...by("WKC041", [{ statement: "what a function or procedure does", given: "called by the tenant", on: onBoth }]),
  ...by("WKC108", [
    {
      statement: "INSERT",
      given: "numbers that are handed out, with another tenant's rows in between",
      on: ["tables"],
    },
  ]),
  ...by("WKC109", [
    {
      statement: "INSERT",
      given: "a row of one's own that names another tenant's, and the functions that work it off",
      on: ["tables"],
    },
  ]),
  ...by("WKC110", [{ statement: "what one function gives", given: "taken to another function", on: onBoth }]),
  ...by("WKC113", [
    { statement: "INSERT, INSERT … ON CONFLICT", given: "through a view, with another tenant's key", on: ["views"] },
  ]),
  ...by("WKC112", [{ statement: "what one function is called with", given: "by another tenant before", on: onBoth }]),
  ...by("WKC111", [
    {
      statement: "SELECT",
      given: "with a number next to one's own in a setting that is called a pass",
      on: ["tables"],
    },
  ]),
  ...by("WKC105", [
    {
      statement: "DELETE",
      given: "of everybody's row, or one's own, to which another tenant's rows refer",
      on: ["tables"],
    },
  ]),
  ...by("WKC047", [
    { statement: "INSERT, UPDATE", given: "what a trigger or CHECK says to it", on: ["tables"] },
    { statement: "INSERT", given: "like another tenant's row: is it refused, is it another one?", on: ["tables"] },
    { statement: "SELECT", given: "of everybody's table, after another tenant has written", on: ["tables"] },
  ]),
  ...by("WKC049", [
    { statement: "what a trigger or rule does", given: "fired by the tenant's own row", on: ["tables"] },
  ]),
]

/** The same as the table of docs/guides/test.md. */
export function matrixTable(): string {
  const lines = statementMatrix.map((one) => {
    const cells = [one.statement, one.given, cell(one, "tables"), cell(one, "views"), one.check]
    return `| ${cells.join(" | ")} |`.replaceAll("|  |", "| |")
  })
  return ["| statement | given | on tables | through views | check |", "|---|---|---|---|---|", ...lines].join("\n")
}

function cell({ on, from }: Way, kind: "tables" | "views"): string {
  if (!on.includes(kind)) return "–"
  const version = from?.[kind]
  return version === undefined ? "yes" : `from ${version}`
}

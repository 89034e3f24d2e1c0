import type { Catalog } from "./catalog.js"
import type { ScopedTable } from "./scope.js"
import { type Managed, qualified, type Step } from "./step.js"

/** Tables of the policy file and their partitions, as far as they are FORCEd now; tables the plan makes are filled before. */
export function tablesUnderForce(
  catalog: Catalog,
  scoped: ReadonlyMap<string, ScopedTable>,
  managed: readonly Managed[],
): string[] {
  const made = new Set(managed.filter((object) => object.id.startsWith("table ")).map((object) => object.id.slice(6)))
  const fenced = new Set(managed.filter((o) => o.id.endsWith(" wk_fence")).map((o) => o.id.split(" ")[1] ?? ""))
  return [...catalog.tables.values()]
    .filter(
      (table) =>
        table.forced &&
        ((scoped.get(table.name)?.level ?? "global") !== "global" || fenced.has(table.name)) &&
        !made.has(table.name),
    )
    .map((table) => table.name)
}

/**
 * Structure steps read rows (a backfill, a foreign key, the words of existing rows). Under FORCE the owner sees none
 * without a context, so the tables are not forced for the length of this transaction, which holds their locks.
 */
export function withoutForce(steps: readonly Step[], forced: readonly string[]): Step[] {
  if (!steps.some((step) => step.phase === "structure") || forced.length === 0) return [...steps]
  const toggle = (table: string, verb: "no force" | "force", phase: Step["phase"]): Step => ({
    phase,
    object: table,
    why: verb === "force" ? "the fence holds for the owner again" : "the owner reads every row while structure changes",
    sql: `alter table ${qualified(table)} ${verb} row level security`,
  })
  return [
    {
      phase: "structure",
      object: "wardkeep.activity",
      why: "rows that structure steps change are attributed to this apply",
      sql: "select wardkeep.record('apply', null, '{}')",
    },
    ...forced.map((table) => toggle(table, "no force", "structure")),
    ...steps,
    {
      phase: "record",
      object: "deferred constraints",
      why: "checked while every row is seen; pending events would block FORCE",
      sql: "set constraints all immediate",
    },
    ...forced.map((table) => toggle(table, "force", "record")),
  ]
}

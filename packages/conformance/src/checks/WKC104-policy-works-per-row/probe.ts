import { quoteIdent } from "@wardkeep/core"
import { isTable, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import type { Transaction } from "../../database/transaction.js"
import { holdsTenants } from "../../probe/ground.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { type Call, callsIn, readBy, type Step, stepsOf } from "./plan.js"

export const probe = defineProbe({
  code: "WKC104",
  title: "A policy works for every row of a tenant's own query",
  severity: "hygiene",
  cwe: "CWE-1050",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:L",
  run: async (scene, record) => {
    const [actor] = scene.actors
    if (actor === undefined) return
    for (const relation of scene.catalog.relations.filter((one) => holdsTenants(one) && isTable(one) && one.rls)) {
      scene.step(labelOf(relation))
      const { select } = await scene.rights.of(actor, relation)
      if (select.length > 0) await measure(scene, record, actor, relation)
    }
  },
})

/** Above it a plan is only made and not run. */
const manyRows = 50_000

async function measure(scene: Scene, record: CheckRecord, actor: Actor, relation: Relation): Promise<void> {
  const query = `select 1 from ${quoted(relation)}`
  const run = relation.tuples > manyRows ? "" : "analyze, timing off, "
  const seen = await actor.act(async (tx) => ({
    scanned: await planned(tx, noIndex, run, query),
    forced: await planned(tx, ["enable_seqscan"], "", query),
  }))
  if (seen.scanned === undefined || seen.forced === undefined) return
  record.probe(labelOf(relation))
  record.control()
  const slow = await slowCalls(scene, seen.scanned)
  const isScanned = relation.tenancy.by === "column" && !seen.forced.some(isLedByIndex)
  if (slow.length === 0 && !isScanned) return
  const rows = Math.max(0, ...seen.scanned.filter(({ Filter }) => Filter !== undefined).map(readBy))
  const own = Math.round(seen.scanned[0]?.["Actual Rows"] ?? 0)
  const names = [...new Set(slow.map(({ name }) => name))].join(", ")
  record.found({
    object: labelOf(relation),
    message: [
      ...(slow.length > 0 ? [`The policies ask ${names} once for every row that a query reads.`] : []),
      ...(isScanned
        ? ["No index helps a tenant to its own rows: PostgreSQL reads everybody's even where it should not."]
        : []),
    ].join(" "),
    evidence: [
      run === ""
        ? "EXPLAIN of the tenant's own SELECT without an index"
        : `EXPLAIN (ANALYZE) of the tenant's own SELECT without an index: ${rows} rows read, ${own} of them shown`,
      ...(slow.length > 0 ? [`the filter calls ${names}`] : []),
      ...(isScanned ? ["with enable_seqscan off there is no index condition either"] : []),
    ].join("; "),
    replay: actor.replay(
      ...(slow.length > 0 ? [switchedOff(noIndex), `explain (${run}verbose) ${query}`] : []),
      ...(isScanned ? ["set local enable_seqscan = off", `explain (verbose) ${query}`] : []),
    ),
    fix: fixFor(relation, slow, isScanned),
  })
}

/** What any query gets that another index leads, or none: the policy is then asked of each row that it reads. */
const noIndex = ["enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan"]

async function planned(
  tx: Transaction,
  off: readonly string[],
  options: string,
  query: string,
): Promise<Step[] | undefined> {
  return await tx.undone(async () => {
    await tx.keep(switchedOff(off))
    return await stepsOf(tx, options, query)
  })
}

const switchedOff = (names: readonly string[]): string => names.map((name) => `set local ${name} = off`).join(";\n")

const isLedByIndex = (one: Step): boolean => one["Index Cond"] !== undefined || one["Recheck Cond"] !== undefined

/** Functions that are no constant while a query runs, and that nobody asked once before it. */
async function slowCalls({ reader }: Scene, steps: readonly Step[]): Promise<Call[]> {
  const calls = steps.flatMap(({ Filter }) => (Filter === undefined ? [] : callsIn(Filter)))
  if (calls.length === 0) return []
  const rows = await reader.rowsInTime(volatile, [[...new Set(calls.map(({ name }) => name))]])
  const names = new Set((rows ?? []).map(({ name }) => String(name)))
  return calls.filter(({ name }) => names.has(name))
}

/** Of the server's own only those that look something up: now() costs nothing. */
const volatile = `
  select distinct p.proname as name from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
  where p.proname = any ($1::text[]) and p.provolatile <> 'i' and n.nspname <> 'information_schema'
    and (n.nspname <> 'pg_catalog' or p.proname ~ '^(current_setting|pg_has_role|has_\\w+_privilege)$')`

function fixFor({ tenancy, schema, name }: Relation, slow: readonly Call[], isScanned: boolean): string {
  const table = quoted({ schema, name })
  const column = tenancy.by === "column" ? quoteIdent(tenancy.column.name) : ""
  const plain = slow.filter(({ takesColumn }) => !takesColumn).map((call) => call.name)
  const asked = slow.filter(({ takesColumn }) => takesColumn).map((call) => call.name)
  return [
    ...(plain.length > 0
      ? [`Write (select ${plain[0]}(…)) in the policies of ${table}, so that PostgreSQL asks it once for a query.`]
      : []),
    ...(asked.length > 0
      ? [
          `Let ${asked[0]} answer with the keys that the session may see, without being told the row's: ${column || "key"} = any ((select ${asked[0]}())::…[]).`,
        ]
      : []),
    ...(isScanned
      ? [
          `create index on ${table} (${column}); and compare ${column} itself, not an expression or a cast of it, with what (select …) answers.`,
        ]
      : []),
  ].join(" ")
}

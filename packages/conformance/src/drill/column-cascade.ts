import { quoteIdent } from "@wardkeep/core"
import { z } from "zod"
import { readRows } from "../catalog/catalog.js"
import { isTable, labelOf, quoted, type Relation } from "../catalog/relation.js"
import { numberOf } from "../probe/facts.js"
import type { CheckInfo } from "../run/check.js"
import type { CheckRecord } from "../run/check-record.js"
import { lost, readProtections } from "./policies.js"
import type { Stage } from "./stage.js"

export const info: CheckInfo = {
  code: "WKC304",
  title: "Dropping a column with CASCADE takes the policy along and opens the table",
  severity: "hygiene",
  cwe: "CWE-1220",
  cvss: "CVSS:3.1/AV:N/AC:H/PR:H/UI:R/S:U/C:H/I:N/A:N",
}

const row = z.object({ relation: z.string(), column: z.string() })
const tableLimit = 25

/** The last part of a drill: what it drops is gone. */
export async function columnCascade(stage: Stage, record: CheckRecord): Promise<void> {
  const { scene, admin } = stage
  const columns = await readRows(admin, "drill/policy-columns.sql", row)
  const tables = scene.catalog.relations.filter(
    (relation) => isTable(relation) && relation.rls && !relation.isPartition,
  )
  for (const relation of tables.slice(0, tableLimit)) {
    stage.step(labelOf(relation))
    const [first] = columns.filter(({ relation: oid }) => oid === relation.oid)
    if (first !== undefined) await dropAndLook(stage, record, relation, first.column)
  }
  if (tables.length > tableLimit) {
    stage.notCovered.push(`Columns were dropped from ${tableLimit} of ${tables.length} tables.`)
  }
}

async function dropAndLook(stage: Stage, record: CheckRecord, relation: Relation, column: string): Promise<void> {
  const { scene, admin, target } = stage
  const visible = async (): Promise<number[]> => {
    const counts: number[] = []
    for (const actor of scene.actors) {
      counts.push(
        await actor.act(async (tx) => numberOf((await tx.attempt(`select count(*) from ${quoted(relation)}`)).rows)),
      )
    }
    return counts
  }
  const before = await visible()
  const policies = await readProtections(admin, target.schemas)
  const statement = `alter table ${quoted(relation)} drop column ${quoteIdent(column)} cascade`
  const { error } = await admin.run(statement)
  if (error !== undefined) return
  record.probe(labelOf(relation))
  const gone = lost(policies, await readProtections(admin, target.schemas)).filter(({ kind }) =>
    kind.startsWith("policy"),
  )
  if (gone.length > 0) record.control()
  const after = await visible()
  const opened = scene.actors.filter((_, index) => (after[index] ?? 0) > (before[index] ?? 0))
  if (opened.length === 0) return
  record.found({
    object: `${labelOf(relation)}.${column}`,
    message: `A migration that drops this column silently opens ${labelOf(relation)} to every branch.`,
    evidence: `${gone.map(({ kind }) => kind).join(", ")} went with the column; tenant ${opened[0]?.name} then saw more rows than before`,
    replay: `-- as the owner, on a copy\nbegin;\n${statement};\nselect polname from pg_policy where polrelid = '${labelOf(relation).replaceAll("'", "''")}'::regclass;\nrollback;`,
    fix: `Never drop ${column} with CASCADE; let the fence not be the only restrictive policy, and grant SELECT only together with a permissive policy that names the tenant.`,
  })
}

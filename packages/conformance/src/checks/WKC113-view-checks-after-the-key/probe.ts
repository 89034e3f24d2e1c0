import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, columnOf, isTable, type Key, type Relation } from "../../catalog/relation.js"
import { actionsOf } from "../../probe/actions.js"
import type { SampleRow } from "../../probe/facts.js"
import { freshValue } from "../../probe/fresh.js"
import { type Ground, holdsTenants, isTenantView, onEveryTable } from "../../probe/ground.js"
import { insertStatement, literalOf } from "../../probe/insertion.js"
import { defineProbe, type Scene } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC113",
  title: "A view asks whose a row is after the key of its table",
  severity: "oracle",
  cwe: "CWE-203",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N",
  run: async (scene, record) => {
    const below = await tablesBelow(scene)
    const acting = new Set((await actionsOf(scene)).map(({ relation }) => relation))
    await onEveryTable(
      scene,
      record,
      async (ground) => {
        const table = below.get(ground.relation.oid)
        for (const key of table?.keys ?? [])
          if (/^[pu]$/.test(key.kind) && !key.hasExpression && table !== undefined)
            await offer(ground, table, key, acting.has(table.oid))
      },
      isTenantView,
    )
  },
})

/** The only table of tenants' rows that a view reads. */
async function tablesBelow({ reader, catalog }: Scene): Promise<Map<string, Relation>> {
  const rows = await reader.rows(
    `select r.ev_class::text as view, pg_catalog.min(d.refobjid::text) as below from pg_catalog.pg_rewrite as r
     join pg_catalog.pg_depend as d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = r.oid
     join pg_catalog.pg_class as c on c.oid = d.refobjid and c.oid <> r.ev_class and c.relkind in ('r', 'p', 'v')
     where d.refclassid = 'pg_catalog.pg_class'::regclass group by 1 having pg_catalog.count(distinct d.refobjid) = 1`,
  )
  return new Map(
    rows.flatMap(({ view, below }): [string, Relation][] => {
      const table = catalog.byOid(String(below))
      return table !== undefined && isTable(table) && holdsTenants(table) ? [[String(view), table]] : []
    }),
  )
}

/**
 * The key of a row of the victim's, and one that nobody has, both in the victim's name; then the first as an upsert that takes
 * the row. Where a trigger acts on the table it may have made the row the attacker's own before: the upsert counts only where
 * the row that nobody has keeps the victim's name.
 */
async function offer(ground: Ground, table: Relation, key: Key, hasTriggers: boolean): Promise<void> {
  const { scene, record, label, relation, attacker, victim, mine, rights } = ground
  const [theirs, own] = [await scene.facts.owned(table, victim), await scene.facts.owned(table, attacker)]
  const numbers = key.columns.filter(
    (name) => relation.tenancy.by !== "column" || name !== relation.tenancy.column.name,
  )
  const isOwn = (one: SampleRow): boolean =>
    own.rows.some(({ values }) => numbers.every((name) => values[name] === one.values[name]))
  // A number that the attacker has as well would refuse the row once it is home.
  const row = theirs.rows.find((one) => !isOwn(one)) ?? theirs.rows[0]
  const tenant = relation.tenancy.by === "column" ? relation.tenancy.column : undefined
  const columns = key.columns.flatMap((name) => columnOf(relation, name) ?? [])
  const free = columns.find((one) => one.name !== tenant?.name && freshValue(one) !== undefined)
  if (row === undefined || tenant === undefined || free === undefined || columns.length < key.columns.length) return
  if (!key.columns.includes(tenant.name) || mine.count === 0) return
  const set = like(table, columns, row)
  const mineOnly = `wk_row.${quoteIdent(tenant.name)}::text in (${attacker.keys.map(quoteLiteral).join(", ")})`
  const statement = (values: Readonly<Record<string, string>>, suffix = ""): string | undefined =>
    insertStatement({ relation, rights, like: mineOnly, set: values, suffix })
  const home = `${quoteLiteral(attacker.keys[0] ?? "")}::${tenant.base}`
  const on = `on conflict (${key.columns.map(quoteIdent).join(", ")}) do update set ${quoteIdent(tenant.name)} = ${home}`
  const unknown = { ...set, [free.name]: freshValue(free) ?? "null" }
  const [taken, nobodys, takeOver] = [statement(set), statement(unknown), statement(set, ` ${on}`)]
  const named = statement(unknown, ` returning ${quoteIdent(tenant.name)}::text as whose`)
  if (taken === undefined || nobodys === undefined) return
  await attacker.act(async (tx) => {
    const upserted = takeOver === undefined ? undefined : await tx.attempt(takeOver)
    const [first, second] = [await tx.attempt(taken), await tx.attempt(nobodys)]
    record.probe(label)
    if (second.error?.code === "44000" || second.error?.code === "42501") record.control()
    const keepsName = async (): Promise<boolean> => {
      if (!hasTriggers || second.error?.code === "44000") return true
      const { rows } = named === undefined ? { rows: [] } : await tx.attempt(named)
      return victim.keys.includes(String(rows[0]?.whose))
    }
    const isTaken = takeOver !== undefined && upserted?.error === undefined && (upserted?.count ?? 0) > 0
    if (isTaken && (await keepsName())) {
      return record.found({
        object: label,
        message: `Tenant ${attacker.name} takes a row of tenant ${victim.name} through this view, by inserting its key again.`,
        evidence: `ON CONFLICT (${key.columns.join(", ")}) DO UPDATE SET ${tenant.name} changed ${upserted?.count} row that the view does not show`,
        replay: attacker.replay(takeOver),
        fix: `Revoke insert on ${label} from the application, or put policies on the table below: the condition of a view is not asked of the row that ON CONFLICT finds.`,
        severity: "leak",
        cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N",
      })
    }
    if (first.error?.code !== "23505" || second.error?.code !== "44000") return
    record.found({
      object: label,
      message: `Tenant ${attacker.name} learns through this view whether tenant ${victim.name} has a certain key.`,
      evidence: `a row in the name of tenant ${victim.name} is refused by the key where it is taken (23505), and by the view's CHECK OPTION where it is not (44000)`,
      // A transaction each: a refusal ends the first one's usefulness.
      replay: [attacker.replay(nobodys), attacker.replay(taken)].join("\n"),
      fix: `Put policies on the table below ${label}: those are asked before a key is. A CHECK OPTION is asked afterwards.`,
    })
  })
}

const like = (table: Relation, columns: readonly Column[], row: SampleRow): Readonly<Record<string, string>> =>
  Object.fromEntries(columns.map(({ name }) => [name, literalOf(table, name, row)]))

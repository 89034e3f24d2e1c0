import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, columnOf, isTable, type Key, type Relation } from "../../catalog/relation.js"
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
    await onEveryTable(
      scene,
      record,
      async (ground) => {
        const table = below.get(ground.relation.oid)
        for (const key of table?.keys ?? [])
          if (/^[pu]$/.test(key.kind) && !key.hasExpression && table !== undefined) await offer(ground, table, key)
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

/** The key of a row of the victim's, and one that nobody has, both in the victim's name; then the first as an upsert that takes the row. */
async function offer(ground: Ground, table: Relation, key: Key): Promise<void> {
  const { record, label, relation, attacker, victim, mine, rights } = ground
  const tenant = relation.tenancy.by === "column" ? relation.tenancy.column : undefined
  const columns = key.columns.flatMap((name) => columnOf(relation, name) ?? [])
  const free = columns.find((one) => one.name !== tenant?.name && freshValue(one) !== undefined)
  const row = await takeable(ground, table, key)
  if (row === undefined || tenant === undefined || free === undefined || columns.length < key.columns.length) return
  if (!key.columns.includes(tenant.name) || mine.count === 0) return
  const set = like(table, columns, row)
  const own = `wk_row.${quoteIdent(tenant.name)}::text in (${attacker.keys.map(quoteLiteral).join(", ")})`
  const statement = (values: Readonly<Record<string, string>>, suffix = ""): string | undefined =>
    insertStatement({ relation, rights, like: own, set: values, suffix })
  const home = `${quoteLiteral(attacker.keys[0] ?? "")}::${tenant.base}`
  const on = `on conflict (${key.columns.map(quoteIdent).join(", ")}) do update set ${quoteIdent(tenant.name)} = ${home}`
  const [taken, nobodys, takeOver] = [
    statement(set),
    statement({ ...set, [free.name]: freshValue(free) ?? "null" }),
    statement(set, ` ${on}`),
  ]
  if (taken === undefined || nobodys === undefined) return
  await attacker.act(async (tx) => {
    const upserted = takeOver === undefined ? undefined : await tx.attempt(takeOver)
    const [first, second] = [await tx.attempt(taken), await tx.attempt(nobodys)]
    record.probe(label)
    if (second.error?.code === "44000" || second.error?.code === "42501") record.control()
    if (takeOver !== undefined && upserted?.error === undefined && (upserted?.count ?? 0) > 0) {
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
      // Each in a transaction of its own: after a refusal nothing is answered any more.
      replay: `${attacker.replay(nobodys)}\n${attacker.replay(taken)}`,
      fix: `Put policies on the table below ${label}: those are asked before a key is. A CHECK OPTION is asked afterwards.`,
    })
  })
}

/** A row of the victim's, best one that would not meet one of the attacker's own when it becomes the attacker's. */
async function takeable(
  { scene, attacker, victim, relation }: Ground,
  table: Relation,
  key: Key,
): Promise<SampleRow | undefined> {
  const tenant = relation.tenancy.by === "column" ? relation.tenancy.column.name : ""
  const rest = ({ values }: SampleRow): string =>
    JSON.stringify(key.columns.filter((name) => name !== tenant).map((name) => values[name]))
  const own = new Set((await scene.facts.owned(table, attacker)).rows.map(rest))
  const { rows } = await scene.facts.owned(table, victim)
  return rows.find((one) => !own.has(rest(one))) ?? rows[0]
}

const like = (table: Relation, columns: readonly Column[], row: SampleRow): Readonly<Record<string, string>> =>
  Object.fromEntries(columns.map(({ name }) => [name, literalOf(table, name, row)]))

import { quoteIdent } from "@wardkeep/core"
import { isTable, type Key, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { belongsTo, tenantColumns } from "../../catalog/whose.js"
import { atOnce } from "../../probe/at-once.js"
import { numberOf, type SampleRow } from "../../probe/facts.js"
import { type Ground, onEveryTable } from "../../probe/ground.js"
import { literalOf } from "../../probe/insertion.js"
import { closedTables } from "../../probe/reach.js"
import { defineProbe } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC105",
  title: "Deleting a row of everybody's, or one's own, tells of another tenant's rows, or takes them along",
  severity: "leak",
  cwe: "CWE-203",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:H/A:H",
  run: async (scene, record) => {
    await onEveryTable(scene, record, async (ground) => {
      for (const key of ground.relation.keys.filter(({ kind }) => kind === "f")) await remove(ground, key)
    })
  },
})

/** A row of everybody's or of the attacker that rows of the victim refer to, and none of the attacker's. Foreign keys see all rows, whatever policies say. */
async function remove(ground: Ground, key: Key): Promise<void> {
  const { scene, record, label, attacker } = ground
  const parent = scene.catalog.byOid(key.parent ?? "")
  if (parent === undefined || !isTable(parent) || !(isEverybodys(parent) || isTenants(parent))) return
  const rights = await scene.rights.of(attacker, parent)
  if (!rights.delete || rights.select.length === 0) return
  const only = await onlyTheirs(ground, key, parent)
  // A row to which both refer is no oracle; what hangs on it is lost all the same.
  const row = only ?? (damage[key.onDelete] === undefined ? undefined : await onlyTheirs(ground, key, parent, true))
  if (row === undefined) return
  // Who is shown the referring row learns nothing from a refusal.
  if (isTenants(parent) && (await closedTables(scene, ground, [ground.relation])).length === 0) return
  const whose = isTenants(parent) ? "of its own" : "of everybody's"
  const at = (key.parentColumns ?? []).map((name) => `wk_row.${quoteIdent(name)} = ${literalOf(parent, name, row)}`)
  const attack = `delete from ${quoted(parent)} as wk_row where ${at.join(" and ")}`
  await attacker.act(async (tx) => {
    const { error, count } = await tx.attempt(attack)
    record.probe(label)
    const isRefused = only !== undefined && error?.code === "23503" && error.constraint === key.name
    if (error === undefined || isRefused) record.control()
    const replay = attacker.replay(...atOnce(key), attack)
    if (isRefused) return report(ground, key, parent, { replay, ...refused(whose) })
    if (error !== undefined || count === 0 || damage[key.onDelete] === undefined) return
    return report(ground, key, parent, {
      replay: (await lost(ground, key, parent, row, attack)) ?? replay,
      what: `removes a row ${whose}, and ${damage[key.onDelete]}`,
      evidence: `${count} rows of ${labelOf(parent)} were deleted, on which rows of tenant ${ground.victim.name} hang by ${key.name}`,
      severity: "leak",
    })
  })
}

const isEverybodys = ({ tenancy }: Relation): boolean =>
  tenancy.by === "global" || tenancy.by === "nothing" || tenancy.by === "root"

/** A tenant's own row, to which another tenant's may refer: a doctor who works elsewhere as well. */
const isTenants = (relation: Relation): boolean => tenantColumns(relation).length > 0

const damage: Readonly<Record<string, string>> = {
  c: "the other tenant's rows that refer to it are deleted with it",
  n: "the other tenant's rows lose what they referred to",
  d: "the other tenant's rows are changed",
}

const refused = (whose: string) =>
  ({
    what: `is refused the deletion of a row ${whose} to which only rows of the other tenant refer: it learns that there are such rows`,
    evidence: "the foreign key refused the deletion, and no row of the attacker's own refers to that row",
    severity: "oracle",
    cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N",
  }) as const

async function onlyTheirs(
  { scene, relation, attacker, victim }: Ground,
  key: Key,
  parent: Relation,
  isBoth = false,
): Promise<SampleRow | undefined> {
  const join = key.columns
    .map((name, place) => `wk_own.${quoteIdent(name)} = wk_row.${quoteIdent(key.parentColumns?.[place] ?? "")}`)
    .join(" and ")
  const refers = (keys: readonly string[]): string =>
    `exists (select from ${quoted(relation)} as wk_own where ${join} and (${belongsTo(relation, "wk_own", keys)}))`
  const isRoot = parent.tenancy.by === "root" ? ` and not ${belongsTo(parent, "wk_row", victim.keys)}` : ""
  const isOwn = isTenants(parent) ? ` and (${belongsTo(parent, "wk_row", attacker.keys)})` : ""
  const own = isBoth ? "" : "not "
  const where = `${refers(victim.keys)} and ${own}${refers(attacker.keys)}${isRoot}${isOwn}`
  return (await scene.facts.sample(parent, where, 1))[0]
}

/** The victim's own count before and after, where one transaction can be both tenants'. */
async function lost(
  { relation, attacker, victim }: Ground,
  key: Key,
  parent: Relation,
  row: SampleRow,
  attack: string,
): Promise<string | undefined> {
  if (victim.whyApart(attacker) !== undefined) return undefined
  const at = key.columns.map((name, place) => {
    const above = key.parentColumns?.[place] ?? ""
    return `wk_row.${quoteIdent(name)} = ${literalOf(parent, above, row)}`
  })
  const count = `select count(*) from ${quoted(relation)} as wk_row where ${at.join(" and ")}`
  const before = await victim.look(async (tx) => numberOf((await tx.attempt(count)).rows))
  if (before === 0) return undefined
  return victim.replay(count, ...attacker.takingOver(victim), attack, ...victim.takingOver(attacker), count)
}

interface Shown {
  readonly what: string
  readonly evidence: string
  readonly replay: string
  readonly severity: "leak" | "oracle"
  readonly cvss?: string
}

function report({ record, attacker, victim }: Ground, key: Key, parent: Relation, { what, ...shown }: Shown): void {
  record.found({
    object: labelOf(parent),
    message: `Tenant ${attacker.name} ${what}. The other one is tenant ${victim.name}.`,
    ...shown,
    fix: `revoke delete on ${quoted(parent)} from the application's roles; let ${key.name} refuse, and retire rows to which others refer with a flag.`,
  })
}

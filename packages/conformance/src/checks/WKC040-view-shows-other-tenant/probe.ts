import { z } from "zod"
import { readRows } from "../../catalog/catalog.js"
import { labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { belongsTo } from "../../catalog/whose.js"
import type { Actor } from "../../database/actor.js"
import type { Transaction } from "../../database/transaction.js"
import { excuseOf } from "../../probe/excuse.js"
import { numberOf } from "../../probe/facts.js"
import { toldWords } from "../../probe/own-words.js"
import type { Pair } from "../../probe/pair.js"
import { plant } from "../../probe/plant.js"
import { search } from "../../probe/search.js"
import { seesAnything } from "../../probe/sees-own.js"
import { sayUnplanted } from "../../probe/unplanted.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { showsFigures } from "./figures.js"
import { showsSingle } from "./single.js"

export const probe = defineProbe({
  code: "WKC040",
  title: "A view, materialized view or foreign table shows rows of another tenant",
  severity: "leak",
  cwe: "CWE-639",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => {
    const views = scene.catalog.relations.filter(({ kind, tenancy }) => "vmf".includes(kind) && tenancy.by !== "global")
    if (views.length === 0) return
    for (const pair of scene.pairs) {
      await byColumn(scene, record, pair, views)
      await byWords(scene, record, pair, views)
      await byCanary(scene, record, pair, views)
      await bySingle(scene, record, pair, views)
    }
  },
})

const kinds: Readonly<Record<string, string>> = { v: "view", m: "materialized view", f: "foreign table" }

/** Views that have the tenant column: the other tenant's rows are counted. */
async function byColumn(
  scene: Scene,
  record: CheckRecord,
  { attacker, victim }: Pair,
  views: readonly Relation[],
): Promise<void> {
  await attacker.act(async (tx) => {
    for (const view of views.filter(({ tenancy }) => tenancy.by === "column")) {
      scene.step(labelOf(view))
      const attack = `select count(*) from (select from ${quoted(view)} as wk_row where ${belongsTo(view, "wk_row", victim.keys)} limit 1000) as q`
      const { rows, error } = await tx.attempt(attack)
      record.probe(labelOf(view))
      if (error === undefined) record.control()
      if (numberOf(rows) > 0)
        report(
          record,
          view,
          { attacker, victim },
          `${numberOf(rows)} rows of tenant ${victim.name}`,
          attacker.replay(attack),
        )
    }
  })
}

/** What the victim's rows say today, for views that do not follow changes. */
async function byWords(
  scene: Scene,
  record: CheckRecord,
  { attacker, victim }: Pair,
  views: readonly Relation[],
): Promise<void> {
  for (const view of views) {
    const excuse = excuseOf(scene, { attacker, victim }, record, labelOf(view))
    const inRows = async (rows: readonly string[]) =>
      await toldWords(scene, { attacker, victim }, view.name, rows.join("\n"), [], excuse)
    const { error, found } = await search(scene, { attacker, victim }, view, {
      inRows,
      copiesOnly: false,
      source: view.name,
    })
    record.probe(labelOf(view))
    // Without the privilege nothing can be shown, to a session that is shown its own rows elsewhere.
    const isShut = error?.code === "42501" && (await seesAnything(scene, attacker))
    if (error === undefined || isShut) record.control()
    if (found === undefined) continue
    const { hit, attack } = found
    const evidence = `a value of ${hit.place} that only tenant ${victim.name} has, sha-256 ${hit.hash}`
    report(record, view, { attacker, victim }, evidence, attacker.replay(attack))
  }
}

/** What is not refreshed in a transaction, as it is today. */
async function bySingle(scene: Scene, record: CheckRecord, pair: Pair, views: readonly Relation[]): Promise<void> {
  const kept = views.filter(({ kind, oid }) => kind === "m" && !isFound(record, oid, views))
  if (kept.length === 0) return
  const read = await readBy(
    scene,
    kept.map(({ oid }) => oid),
    scene.catalog.relations,
  )
  for (const view of kept) {
    const { select } = await scene.rights.of(pair.attacker, view)
    const tables = scene.catalog.relations.filter(({ oid }) =>
      read.some((one) => one.view === view.oid && one.relation === oid),
    )
    if (select.length < view.columns.length) continue
    await showsSingle(scene, record, pair, view, tables)
    if (!isFound(record, view.oid, views)) await showsFigures(scene, record, pair, view, tables)
  }
}

const isFound = ({ findings }: CheckRecord, oid: string, views: readonly Relation[]): boolean =>
  views.some((view) => view.oid === oid && findings.some(({ object }) => object === labelOf(view)))

/** The victim writes canaries, the attacker looks, in one transaction. Counts that change tell as much. */
async function byCanary(
  scene: Scene,
  record: CheckRecord,
  { attacker, victim }: Pair,
  views: readonly Relation[],
): Promise<void> {
  const before = await attacker.act(async (tx) => await pictures(tx, views))
  const apart = attacker.whyApart(victim)
  if (apart !== undefined) return await compareToday(record, victim, views, before, apart)
  const again = await attacker.act(async (tx) => await pictures(tx, views))
  await victim.act(async (tx) => {
    const planted = await plant(tx, scene, { attacker, victim })
    const unseen = await readBy(scene, [...before.keys()], planted.without)
    await sayUnplanted(
      scene,
      record,
      { victim },
      planted.without.filter(({ oid }) => unseen.some(({ relation }) => relation === oid)),
    )
    const over = views.filter(({ oid }) => unseen.some(({ view }) => view === oid))
    await compareToday(record, victim, over, before, "nothing could be planted in what it reads")
    if (planted.tables.size === 0 || !(await attacker.takeOver(tx, victim))) return
    const after = await pictures(tx, views)
    for (const view of views) {
      const [was, same, now] = [before.get(view.oid), again.get(view.oid), after.get(view.oid)]
      if (was === undefined || was !== same || now === undefined) continue
      record.probe(labelOf(view))
      record.control()
      if (was === now) continue
      // As it was looked at: a first look in the same transaction could be the one that it keeps.
      const look = `select * from ${quoted(view)}`
      const replay = `${attacker.replay(look)}\n${victim.replay(...planted.statements, ...attacker.takingOver(victim), look)}`
      report(
        record,
        view,
        { attacker, victim },
        `what it shows to tenant ${attacker.name} changes with the rows of tenant ${victim.name}`,
        replay,
      )
    }
  })
}

/**
 * Where no row can be planted for the other one to look, what each of them is shown today: what is the same for both may be of
 * both. Rows by their tenant and words were looked for before.
 */
async function compareToday(
  record: CheckRecord,
  victim: Actor,
  views: readonly Relation[],
  before: ReadonlyMap<string, string>,
  why: string,
): Promise<void> {
  const shown = await victim.look(async (tx) => await pictures(tx, views))
  for (const view of views) {
    const was = before.get(view.oid)
    if (was === undefined || was === empty) continue
    const label = labelOf(view)
    if (view.tenancy.by !== "column" && was === shown.get(view.oid)) {
      record.notTried(
        label,
        `both tenants are shown the same, and whether it changes with what one of them writes was not tried, because ${why}; declare it global if it is everybody's`,
      )
    } else
      record.leftOut(label, `whether counts and sums change with another tenant's rows was not tried, because ${why}`)
  }
}

/** Of no row. */
const empty = "d41d8cd98f00b204e9800998ecf8427e"

const readRow = z.object({ view: z.string(), relation: z.string() })

/** Which of these views read which of these tables. */
async function readBy({ reader }: Scene, views: readonly string[], tables: readonly Relation[]) {
  const rows = await readRows(reader, "view-tables.sql", readRow, [views])
  return rows.filter(({ relation }) => tables.some(({ oid }) => oid === relation))
}

/** Everything each view shows, as one hash. */
async function pictures(tx: Transaction, views: readonly Relation[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const view of views) {
    const text = `select md5(coalesce(string_agg(q.row, '|' order by q.row), '')) as hash from (select wk_row::text as row from ${quoted(view)} as wk_row limit 5000) as q`
    const { rows, error } = await tx.attempt(text)
    if (error === undefined) found.set(view.oid, String(rows[0]?.hash))
  }
  return found
}

function report(
  record: CheckRecord,
  view: Relation,
  { attacker, victim }: Pair,
  evidence: string,
  replay: string,
): void {
  const kind = kinds[view.kind] ?? "relation"
  const invoker = `alter view ${quoted(view)} set (security_invoker = true)`
  record.found({
    object: labelOf(view),
    message: `The ${kind} shows tenant ${attacker.name} what belongs to tenant ${victim.name}.`,
    evidence: `${evidence}${view.ownerExempt ? `; its owner ${view.owner} is exempt from policies` : ""}`,
    replay,
    fix:
      view.kind === "v"
        ? `${invoker}; (PostgreSQL 15 and later), or give it an owner whom policies are forced on.`
        : `revoke all on ${quoted(view)} from the application; offer a view or function that filters by tenant.`,
  })
}

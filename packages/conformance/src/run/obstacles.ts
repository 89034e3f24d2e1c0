import type { Catalog } from "../catalog/catalog.js"
import { isTable, labelOf, quoted } from "../catalog/relation.js"
import { tenantOf } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import { aimed } from "../probe/aim.js"
import { numberOf } from "../probe/facts.js"
import { holdsTenants, isTenantView } from "../probe/ground.js"
import { isShownOwn } from "../probe/shut.js"
import type { Target } from "../target/schema.js"
import type { Scene } from "./check.js"

/** The tenant's own key, from the one value that it sees, where the target does not say. */
export async function findKeys(catalog: Catalog, actors: readonly Actor[]): Promise<void> {
  const tables = catalog.relations.filter((relation) => isTable(relation) && relation.tenancy.by === "column")
  for (const actor of actors) {
    if (actor.keys.length > 0) continue
    for (const table of tables) {
      const whose = tenantOf(table, "wk_row")
      const { rows } = await actor.act(
        async (tx) =>
          await tx.attempt(
            `select distinct ${whose} as key from ${quoted(table)} as wk_row where ${whose} is not null limit 2`,
          ),
      )
      if (rows.length !== 1) continue
      actor.keys = [String(rows[0]?.key)]
      break
    }
  }
}

/** What a first target leaves to a person. */
export const undecidedIn = ({ undecided }: Target): string[] =>
  undecided.length === 0
    ? []
    : [
        `the target leaves undecided whose rows these tables hold: ${undecided.join(", ")}; put each into global if it is everybody's, give it a column in tenantColumns if it is not, and take it out of undecided`,
      ]

/** Why this run cannot be a pass whatever is not found. */
export async function obstaclesOf(scene: Scene): Promise<string[]> {
  const { actors, pairs } = scene
  const reasons = [...(await unseenTables(scene)), ...(await withoutWrites(actors))]
  if (actors.length < 2) {
    reasons.push("the target names fewer than two tenants; add a second one, or nothing can be another tenant's")
  }
  for (const { name, keys } of actors) {
    if (keys.length === 0) reasons.push(`the key of tenant ${name} is not in the target and could not be found out`)
  }
  if (actors.length >= 2 && pairs.length === 0) reasons.push("no two tenants of the target have different keys")
  for (const actor of actors) {
    if (actor.keys.length > 0 && !(await seesItself(scene, actor)) && !(await isShownOwn(scene, actor))) {
      reasons.push(
        `tenant ${actor.name} was not seen to reach any row of its own: check its connect in the target, the grants of ${actor.login}, and that it has rows`,
      )
    }
  }
  return reasons
}

/** Tables whose rows the reader does not see all of: whose they are and what nobody else has cannot be known. */
async function unseenTables({ reader, catalog }: Scene): Promise<string[]> {
  const tables = catalog.relations.filter(holdsTenants)
  const rows = await reader.rowsInTime(
    "select oid from pg_catalog.unnest($1::oid[]) as oid where pg_catalog.row_security_active(oid) or not pg_catalog.has_table_privilege(oid, 'SELECT')",
    [tables.map(({ oid }) => oid)],
  )
  const oids = new Set((rows ?? []).map(({ oid }) => String(oid)))
  const names = tables.filter(({ oid }) => oids.has(oid)).map(labelOf)
  if (names.length === 0) return []
  return [
    `the login of --database-url does not see every row of ${names.join(", ")}: give one with SELECT there whom no policy stops, such as a role with BYPASSRLS`,
  ]
}

/** A replica and a read-only login refuse every write, and that says nothing about policies. */
async function withoutWrites(actors: readonly Actor[]): Promise<string[]> {
  const logins = new Set<string>()
  for (const actor of actors) {
    const { rows } = await actor.act(
      async (tx) =>
        await tx.attempt(
          "select 1 where pg_catalog.pg_is_in_recovery() or pg_catalog.current_setting('transaction_read_only') = 'on'",
        ),
    )
    if (rows.length > 0) logins.add(actor.login)
  }
  return [...logins].map(
    (login) =>
      `transactions of ${login} are read-only there (a replica, or default_transaction_read_only), so no write was tried`,
  )
}

/** The positive control of a whole context: some row that is there is seen by its tenant. */
async function seesItself({ catalog, facts }: Scene, actor: Actor): Promise<boolean> {
  for (const relation of catalog.relations) {
    if (!holdsTenants(relation) && !isTenantView(relation)) continue
    const mine = await facts.owned(relation, actor)
    if (mine.count === 0) continue
    const { seen } = await actor.act(
      async (tx) =>
        await aimed(
          tx,
          relation,
          actor,
          mine,
          (table, where) => `select count(*) from ${quoted(table)} as wk_row where ${where}`,
        ),
    )
    if (numberOf(seen.rows) > 0) return true
  }
  return false
}

import { quoteIdent } from "@wardkeep/core"
import type { Catalog } from "../../catalog/catalog.js"
import { isTable, type Key, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { belongsTo } from "../../catalog/whose.js"
import type { Actor } from "../../database/actor.js"
import { aimed } from "../../probe/aim.js"
import { numberOf, type Owned } from "../../probe/facts.js"
import { countRows } from "../../probe/reach.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

interface Link {
  readonly relation: Relation
  readonly child: Relation
  readonly key: Key
}

/**
 * A patient of several clinics has no clinic of its own but links to them. A row that is linked with one tenant alone is read
 * by another one: a leak, or a list of everybody's that the target should call global. That is for a person to say.
 */
export async function readLinked(scene: Scene, record: CheckRecord): Promise<void> {
  for (const link of linksOf(scene.catalog)) {
    const { relation, child } = link
    scene.step(labelOf(relation))
    for (const { attacker, victim } of scene.pairs) {
      const { select } = await scene.rights.of(attacker, relation)
      if (select.length === 0) continue
      const [theirs, mine] = [await linkedWith(scene, link, victim), await linkedWith(scene, link, attacker)]
      if (theirs.count === 0) continue
      const { seen, own, attack } = await attacker.act(async (tx) => ({
        ...(await aimed(tx, relation, victim, theirs, countRows)),
        own: (await aimed(tx, relation, attacker, mine, countRows)).seen,
      }))
      record.probe(labelOf(relation))
      if (numberOf(own.rows) > 0) record.control()
      if (numberOf(seen.rows) === 0) continue
      record.found({
        object: labelOf(relation),
        verdict: "INCONCLUSIVE",
        message: `Tenant ${attacker.name} reads rows with which only tenant ${victim.name} is linked, by ${labelOf(child)}.`,
        evidence: `${numberOf(seen.rows)} of ${theirs.count} such rows; if they are everybody's, declare the table global in the target`,
        replay: attacker.replay(attack),
        fix: `Let the policies of ${labelOf(relation)} ask for a row of ${labelOf(child)} with the tenant of the context, or declare the table global.`,
      })
    }
  }
}

/** Tables that say nothing of a tenant, with the table whose key is the row and the tenant together. */
function linksOf({ relations }: Catalog): Link[] {
  return relations
    .filter((relation) => isTable(relation) && relation.tenancy.by === "nothing")
    .flatMap((relation) =>
      relations.flatMap((child) =>
        child.keys
          .filter((key) => key.kind === "f" && key.parent === relation.oid && isLink(child, key))
          .map((key) => ({ relation, child, key })),
      ),
    )
}

function isLink({ tenancy, keys }: Relation, { columns }: Key): boolean {
  if (tenancy.by !== "column" || columns.includes(tenancy.column.name)) return false
  const both = new Set([...columns, tenancy.column.name])
  return keys.some(
    (key) =>
      (key.kind === "p" || key.kind === "u") &&
      !key.hasExpression &&
      key.columns.length === both.size &&
      key.columns.every((name) => both.has(name)),
  )
}

async function linkedWith({ facts }: Scene, { relation, child, key }: Link, tenant: Actor): Promise<Owned> {
  const join = key.columns
    .map((name, place) => `wk_row.${quoteIdent(key.parentColumns?.[place] ?? "")} = link.${quoteIdent(name)}`)
    .join(" and ")
  const linked = (is: string): string =>
    `exists (select from ${quoted(child)} as link where ${join} and (${belongsTo(child, "link", tenant.keys)}) ${is})`
  const rows = await facts.sample(relation, `${linked("is true")} and not ${linked("is not true")}`, 5)
  return { rows, count: rows.length, seenBy: "reader" }
}

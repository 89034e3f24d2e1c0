import { isTable, labelOf, type Relation } from "../catalog/relation.js"
import type { Scene } from "../run/check.js"
import type { CheckRecord } from "../run/check-record.js"
import type { Owned } from "./facts.js"
import type { Pair } from "./pair.js"
import type { Rights } from "./rights.js"

/** One table, one attacker, one victim, and what is true about them. */
export interface Ground extends Pair {
  readonly scene: Scene
  readonly record: CheckRecord
  readonly relation: Relation
  readonly label: string
  readonly theirs: Owned
  readonly mine: Owned
  readonly rights: Rights
}

export const holdsTenants = (relation: Relation): boolean =>
  isTable(relation) && ["column", "parent", "child", "schema", "derived"].includes(relation.tenancy.by)

/** A view through which rows of a tenant may be written. */
export const isTenantView = ({ kind, tenancy }: Relation): boolean => kind === "v" && tenancy.by === "column"

/** Runs an attack for every table that holds tenants' rows and every ordered pair of tenants. */
export async function onEveryTable(
  scene: Scene,
  record: CheckRecord,
  attack: (ground: Ground) => Promise<void>,
  accepts: (relation: Relation) => boolean = holdsTenants,
): Promise<void> {
  for (const relation of scene.catalog.relations.filter(accepts)) {
    scene.step(labelOf(relation))
    for (const { attacker, victim } of scene.pairs) {
      const [theirs, mine] = [await scene.facts.owned(relation, victim), await scene.facts.owned(relation, attacker)]
      const rights = await scene.rights.of(attacker, relation)
      await attack({ scene, record, relation, label: labelOf(relation), attacker, victim, theirs, mine, rights })
    }
  }
}

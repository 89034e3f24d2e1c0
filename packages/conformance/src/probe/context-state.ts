import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { labelOf, quoted, type Relation } from "../catalog/relation.js"
import type { Actor } from "../database/actor.js"
import type { Connection } from "../database/connection.js"
import { rolledBack } from "../database/transaction.js"
import type { Scene } from "../run/check.js"
import type { CheckRecord, Found } from "../run/check-record.js"
import { aimed } from "./aim.js"
import { numberOf } from "./facts.js"
import { holdsTenants } from "./ground.js"
import { seesOwn } from "./sees-own.js"
import { isShut } from "./shut.js"

/** A session in which certain tenants' rows must not be seen. */
export interface ContextState {
  /** Such as "without a context". */
  readonly name: string
  readonly connection: Connection
  readonly login: string
  /** What a replay does on the connection before. */
  readonly before?: readonly string[]
  readonly statements: readonly string[]
  /** Whose rows would be a leak. */
  readonly forbidden: readonly Actor[]
}

export const settingStatement = (name: string, value: string): string =>
  `select set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`

export const roleStatements = ({ tenant }: Actor): string[] =>
  tenant.connect.role === undefined ? [] : [`set local role ${quoteIdent(tenant.connect.role)}`]

const counting = (relation: Relation, where: string): string =>
  `select count(*) from (select from ${quoted(relation)} as wk_row where ${where} limit 1000) as q`

/** Reads every table in that state. A refusal is as good as no row. */
export async function readIn(
  scene: Scene,
  record: CheckRecord,
  state: ContextState,
  describe: (relation: Relation, victim: Actor) => Pick<Found, "message" | "fix"> & Partial<Found>,
): Promise<void> {
  await rolledBack(state.connection, async (tx) => {
    for (const statement of state.statements) {
      if ((await tx.keep(statement)).error !== undefined) return record.probe()
    }
    for (const relation of scene.catalog.relations.filter(holdsTenants)) {
      scene.step(labelOf(relation))
      for (const victim of state.forbidden) {
        const theirs = await scene.facts.owned(relation, victim)
        if (theirs.count === 0) continue
        const { seen, attack } = await aimed(tx, relation, victim, theirs, counting)
        record.probe(labelOf(relation))
        if (await seesOwn(scene, victim, relation)) record.control()
        else if (await isShut(scene, victim, relation)) sayShut(record, relation)
        const n = numberOf(seen.rows)
        if (n === 0) continue
        const lines = [...state.statements, attack].map((statement) => `${statement};`)
        record.found({
          object: labelOf(relation),
          evidence: `${n} rows of tenant ${victim.name} were counted ${state.name}`,
          replay: [`-- connected as ${state.login}`, ...(state.before ?? []), "begin;", ...lines, "rollback;"].join(
            "\n",
          ),
          ...describe(relation, victim),
        })
      }
    }
  })
}

/** Of what is behind functions and views, a state of the session that no table asks says nothing. */
function sayShut(record: CheckRecord, relation: Relation): void {
  record.control()
  record.leftOut(
    labelOf(relation),
    "no privilege opens it in any context; functions and views that read it were not asked in this one",
  )
}

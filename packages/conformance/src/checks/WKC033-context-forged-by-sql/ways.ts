import { quoteLiteral, WardkeepError } from "@wardkeep/core"
import { quoted, type Relation } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import { numberOf } from "../../probe/facts.js"
import { countRows } from "../../probe/reach.js"
import { settingName } from "../../probe/setting-names.js"
import type { Scene } from "../../run/check.js"
import type { Forgery } from "./forgeries.js"

/** How settings get past the application, from the least that an injection needs. */
export interface Way {
  readonly name: string
  readonly attempt: (scene: Scene, attacker: Actor, aim: Aim, forgery: Forgery) => Promise<Attempt>
}

export interface Aim {
  readonly relation: Relation
  readonly where: string
}

export interface Attempt {
  readonly count: number
  readonly replay: string
}

const entries = ({ settings }: Forgery): [string, string][] => Object.entries(settings)

const inContext =
  (text: (aim: Aim, forgery: Forgery) => readonly string[]): Way["attempt"] =>
  async (_, attacker, aim, forgery) => {
    const statements = text(aim, forgery)
    const { rows } = await attacker.act(async (tx) => await tx.attempt(statements.join(";\n")))
    return { count: numberOf(rows), replay: attacker.replay(...statements) }
  }

function inOneSelect({ relation, where }: Aim, forgery: Forgery): string[] {
  const set = entries(forgery).map(([name, value], place) => {
    return `set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true) as value_${place}`
  })
  const isSet = entries(forgery).map((_, place) => `forged.value_${place} is not null`)
  return [
    `with forged as materialized (select ${set.join(", ")}) select count(*) from forged, lateral (select from ${quoted(relation)} as wk_row where ${isSet.join(" and ")} and ${where} limit 1000) as q`,
  ]
}

const severalStatements = ({ relation, where }: Aim, forgery: Forgery): string[] => [
  ...entries(forgery).map(([name, value]) => `set local ${settingName(name)} = ${quoteLiteral(value)}`),
  countRows(relation, where),
]

/** PostgreSQL lets only whoever was granted SET on a parameter of no extension attach it to a function (from 15 on). */
const functionWithSet = ({ relation, where }: Aim, forgery: Forgery): string[] => [
  `create function pg_temp.wk_forged() returns bigint language sql ${entries(forgery)
    .map(([name, value]) => `set ${settingName(name)} = ${quoteLiteral(value)}`)
    .join(" ")} as ${quoteLiteral(countRows(relation, where))}`,
  "select pg_temp.wk_forged()",
]

/** Before anything that the database could put between: the settings are there when the session begins. */
const startUp: Way["attempt"] = async (scene, attacker, { relation, where }, forgery) => {
  // The token itself comes with the context, after the start.
  const { settings } = attacker.tenant.connect
  const early = entries(forgery).filter(([name]) => !Object.hasOwn(settings, name))
  const late = entries(forgery).filter(([name]) => Object.hasOwn(settings, name))
  if (early.length === 0) return { count: 0, replay: "" }
  const options = early.map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\ ]/g, "\\$&")}`).join(" ")
  const statements = [
    ...late.map(([name, value]) => `select set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`),
    countRows(relation, where),
  ]
  try {
    const session = await scene.freshSession(attacker, { options })
    try {
      const { rows } = await attacker.actOn(session, async (tx) => await tx.attempt(statements.join(";\n")))
      const replay = `-- PGOPTIONS=${quoteLiteral(options)}\n${attacker.replay(...statements)}`
      return { count: numberOf(rows), replay }
    } finally {
      await session.close()
    }
  } catch (error) {
    // A server or a pooler that does not take the option lets nobody in with it.
    if (error instanceof WardkeepError && (error.code === "WK005" || error.code === "WK703"))
      return { count: 0, replay: "" }
    throw error
  }
}

export const oneSelect: Way = { name: "set_config inside one SELECT", attempt: inContext(inOneSelect) }

export const otherWays: readonly Way[] = [
  { name: "several statements in one text", attempt: inContext(severalStatements) },
  { name: "a function with a SET clause", attempt: inContext(functionWithSet) },
  { name: "an option of the connection's start", attempt: startUp },
]

import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { holdsKey, withKey } from "../../catalog/key-text.js"
import { isTable, labelOf, primaryKey, quoted } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import { readIn, roleStatements, settingStatement } from "../../probe/context-state.js"
import { defineProbe, type Scene } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC031",
  title: "A malformed, empty or wild context shows rows",
  severity: "leak",
  cwe: "CWE-20",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => {
    for (const actor of scene.actors) {
      for (const { name, settings, forbidden, cut } of variants(scene, actor)) {
        if (cut !== undefined && (await isSomebodys(scene, cut))) continue
        const set = Object.entries({ ...actor.tenant.connect.settings, ...settings })
        const statements = [
          ...roleStatements(actor),
          ...set.map(([setting, value]) => settingStatement(setting, value)),
          ...actor.tenant.connect.statements,
        ]
        const { connection, login } = actor
        await readIn(scene, record, { name: `with ${name}`, connection, login, statements, forbidden }, (relation) => ({
          message: `With ${name} the session sees rows that are not its own.`,
          fix: `Compare ${labelOf(relation)} with the context by equality, and let every other form of the context fail.`,
        }))
      }
    }
  },
})

interface Variant {
  readonly name: string
  readonly settings: Readonly<Record<string, string>>
  /** Whose rows would be a leak: the tenant's own only where nothing else says who it is. */
  readonly forbidden: readonly Actor[]
  /** A key cut short: in a hierarchy it may be that of somebody above. */
  readonly cut?: string
}

/** Such as the user's id in claims: it may still say whose rows the session sees. */
const saysMore = (value: string): boolean => value.startsWith("{")

function variants({ actors }: Scene, actor: Actor): Variant[] {
  const { settings, statements } = actor.tenant.connect
  const all = Object.entries(settings)
  const alone = all.length === 1 && statements.length === 0
  const others = actors.filter((one) => one !== actor)
  return all
    .filter(([, value]) => holdsKey(value, actor.keys))
    .flatMap(([name, value]) =>
      wild(value, actor, actors).map(
        ({ label, text, cut }): Variant => ({
          ...(cut !== undefined && { cut }),
          name: `${name} ${label}`,
          settings: { [name]: text },
          forbidden: (alone && !(saysMore(value) && saysMore(text)) ? actors : others).filter(
            ({ keys }) => !holdsKey(text, keys),
          ),
        }),
      ),
    )
}

interface Wild {
  readonly label: string
  readonly text: string
  readonly cut?: string
}

function wild(value: string, actor: Actor, actors: readonly Actor[]): Wild[] {
  const put = (text: string): string => withKey(value, actor.keys, text)
  const long = actors.flatMap(({ keys }) => keys).filter((one) => one.length > 1)
  const texts: Wild[] = [
    { label: "empty", text: "" },
    { label: "of blanks", text: " " },
    { label: "holding %", text: put("%") },
    { label: "holding _", text: put("_") },
    { label: "holding .*", text: put(".*") },
    { label: "holding *", text: put("*") },
    { label: "with an empty key", text: put("") },
    { label: "of value null", text: put("null") },
    { label: "of value 0", text: put("0") },
    { label: "of value -1", text: put("-1") },
    { label: "of value all", text: put("all") },
    { label: "that is not what it should be", text: "{]" },
    ...long.map((one) => ({
      label: "cut to the beginning of a key",
      text: put(one.slice(0, -1)),
      cut: one.slice(0, -1),
    })),
    ...thinned(value).map((text) => ({ label: "with a claim missing, empty or null", text })),
  ]
  return texts.filter(({ text }, place) => text !== value && texts.findIndex((one) => one.text === text) === place)
}

/** Claims in JSON, each time with one member, however deep, left out, null or empty. */
function thinned(value: string): string[] {
  const claims = parsed(value)
  return membersOf(claims).flatMap((path) =>
    [undefined, null, [], ""].map((to) => JSON.stringify(put(claims, path, to))),
  )
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const membersOf = (value: unknown): string[][] =>
  isObject(value)
    ? Object.entries(value).flatMap(([name, inner]) => [[name], ...membersOf(inner).map((path) => [name, ...path])])
    : []

/** A member that becomes undefined is not written. */
function put(value: unknown, [name, ...path]: readonly string[], to: unknown): unknown {
  if (name === undefined) return to
  return isObject(value) ? { ...value, [name]: put(value[name], path, to) } : value
}

/** Some row's key or tenant is that text, or it cannot be told. */
async function isSomebodys({ catalog, facts }: Scene, text: string): Promise<boolean> {
  for (const relation of catalog.relations.filter(isTable)) {
    const own = relation.tenancy.by === "column" ? [relation.tenancy.column.name] : []
    const key = primaryKey(relation)?.columns ?? []
    for (const name of [...own, ...(key.length === 1 ? key : [])]) {
      const { rows, error } = await facts.ask(
        `select from ${quoted(relation)} as wk_row where wk_row.${quoteIdent(name)}::text = ${quoteLiteral(text)} limit 1`,
      )
      if (error !== undefined || rows.length > 0) return true
    }
  }
  return false
}

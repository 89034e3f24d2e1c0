import { labelOf } from "../../catalog/relation.js"
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
      for (const { name, changed } of variants(scene, actor)) {
        const statements = [
          ...roleStatements(actor),
          ...Object.entries({ ...actor.tenant.connect.settings, ...changed.settings }).map(([setting, value]) =>
            settingStatement(setting, value),
          ),
          ...actor.tenant.connect.statements,
        ]
        const { connection, login } = actor
        const state = { name: `with ${name}`, connection, login, statements, forbidden: changed.forbidden }
        await readIn(scene, record, state, (relation) => ({
          message: `With ${name} the session sees rows that are not its own.`,
          fix: `Compare ${labelOf(relation)} with the context by equality, and let every other form of the context fail.`,
        }))
      }
    }
  },
})

interface Variant {
  readonly name: string
  readonly changed: { readonly settings: Readonly<Record<string, string>>; readonly forbidden: readonly Actor[] }
}

/** Values that belong to nobody. One that is some tenant's key, or holds it, forbids only the others. */
function variants({ actors }: Scene, actor: Actor): Variant[] {
  const { settings } = actor.tenant.connect
  return Object.entries(settings)
    .filter(([, value]) => actor.keys.some((key) => value.includes(key)))
    .flatMap(([name, value]) =>
      wild(value, actor, actors).map(
        ({ label, text }): Variant => ({
          name: `${name} ${label}`,
          changed: {
            settings: { [name]: text },
            forbidden: actors.filter(({ keys }) => !keys.some((key) => text.includes(key))),
          },
        }),
      ),
    )
}

function wild(value: string, actor: Actor, actors: readonly Actor[]): { label: string; text: string }[] {
  const key = actor.keys.find((one) => value.includes(one)) ?? value
  const put = (text: string): string => value.replace(key, text)
  const prefixes = actors.flatMap(({ keys }) => keys).filter((one) => one.length > 1)
  return [
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
    { label: "holding SQL", text: put("' or '1'='1") },
    ...prefixes.map((one) => ({
      label: "cut to the beginning of a key",
      text: put(one.slice(0, Math.ceil(one.length / 2))),
    })),
  ].filter(({ text }) => text !== value)
}

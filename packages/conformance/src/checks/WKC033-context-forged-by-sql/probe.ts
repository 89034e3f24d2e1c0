import { quoteLiteral } from "@wardkeep/core"
import { labelOf, quoted } from "../../catalog/relation.js"
import { aims } from "../../probe/aim.js"
import { numberOf } from "../../probe/facts.js"
import { holdsTenants } from "../../probe/ground.js"
import { holdsKey, withKey } from "../../probe/key-text.js"
import type { Pair } from "../../probe/pair.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

export const probe = defineProbe({
  code: "WKC033",
  title: "SQL inside one SELECT can take another tenant's context",
  severity: "hygiene",
  cwe: "CWE-290",
  cvss: "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:N",
  run: async (scene, record) => {
    for (const pair of scene.pairs) await forge(scene, record, pair)
  },
})

/** Only what a tenant's own transaction can do: it knows the other's key, not the other's secrets. */
async function forge(scene: Scene, record: CheckRecord, { attacker, victim }: Pair): Promise<void> {
  const names = await settingNames(scene, attacker.tenant.connect.settings)
  for (const relation of scene.catalog.relations.filter(holdsTenants)) {
    const theirs = await scene.facts.owned(relation, victim)
    const where = aims(relation, victim, theirs)[0]
    if (theirs.count === 0 || where === undefined) continue
    for (const [name, value] of names) {
      const forged = forgedValue(value, attacker.keys, victim.keys)
      if (forged === undefined) continue
      const set = `set_config(${quoteLiteral(name)}, ${quoteLiteral(forged)}, true)`
      const attack = `with forged as materialized (select ${set} as value) select count(*) from forged, lateral (select from ${quoted(relation)} as wk_row where forged.value is not null and ${where} limit 1000) as q`
      const { rows } = await attacker.act(async (tx) => await tx.attempt(attack))
      record.probe(labelOf(relation))
      record.control()
      if (numberOf(rows) === 0) continue
      return record.found({
        object: name,
        message: `Whoever can get SQL into one statement of tenant ${attacker.name} reads tenant ${victim.name}: the context is a plain setting, and SQL can set it.`,
        evidence: `${numberOf(rows)} rows of tenant ${victim.name} in ${labelOf(relation)} after set_config inside a SELECT`,
        replay: attacker.replay(attack),
        fix: "Verify the context inside the database (signed or issued, bound to the transaction), or keep every statement parameterised and revoke execute on function pg_catalog.set_config from public.",
        severity: scene.target.sqlInjectable ? "leak" : "hygiene",
      })
    }
  }
}

/** The target's settings, and those that policies and functions read. */
async function settingNames(
  { reader }: Scene,
  settings: Readonly<Record<string, string>>,
): Promise<[string, string][]> {
  const rows = await reader.rows(
    "select distinct m[1] as name from (select pg_get_expr(polqual, polrelid) as text from pg_policy union all select prosrc from pg_proc p join pg_namespace n on n.oid = pronamespace where nspname !~ '^pg_' and nspname <> 'information_schema') as q, regexp_matches(q.text, 'current_setting\\(\\s*''([A-Za-z_.]+)''', 'g') as m",
  )
  const found = rows
    .map(({ name }) => String(name))
    .filter((name) => name.includes(".") && !Object.hasOwn(settings, name))
  return [...Object.entries(settings), ...found.map((name): [string, string] => [name, ""])]
}

function forgedValue(value: string, own: readonly string[], other: readonly string[]): string | undefined {
  const [target] = other
  if (target === undefined) return undefined
  if (value === "") return target
  return holdsKey(value, own) ? withKey(value, own, target) : undefined
}

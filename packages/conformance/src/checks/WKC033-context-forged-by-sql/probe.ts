import { quoteLiteral } from "@wardkeep/core"
import { holdsKey, withKey } from "../../catalog/key-text.js"
import { labelOf, quoted } from "../../catalog/relation.js"
import { aims } from "../../probe/aim.js"
import { numberOf } from "../../probe/facts.js"
import { holdsTenants } from "../../probe/ground.js"
import type { Pair } from "../../probe/pair.js"
import { seesOwn } from "../../probe/sees-own.js"
import { settingNames } from "../../probe/setting-names.js"
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
async function forge(scene: Scene, record: CheckRecord, pair: Pair): Promise<void> {
  const { attacker, victim } = pair
  const forgeries = await forgeriesOf(scene, record, pair)
  for (const relation of scene.catalog.relations.filter(holdsTenants).slice(0, 60)) {
    const theirs = await scene.facts.owned(relation, victim)
    const where = aims(relation, victim, theirs)[0]
    if (theirs.count === 0 || where === undefined) continue
    const sees = await seesOwn(scene, attacker, relation)
    for (const forgery of forgeries) {
      const { name, value, isToken } = forgery
      const set = `set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`
      const attack = `with forged as materialized (select ${set} as value) select count(*) from forged, lateral (select from ${quoted(relation)} as wk_row where forged.value is not null and ${where} limit 1000) as q`
      const { rows } = await attacker.act(async (tx) => await tx.attempt(attack))
      record.probe(labelOf(relation))
      if (sees) record.control()
      if (numberOf(rows) === 0) continue
      record.found({
        object: labelOf(relation),
        message: sentence(forgery, pair),
        evidence: `${numberOf(rows)} rows of tenant ${victim.name} in ${labelOf(relation)} after set_config of ${name} inside a SELECT`,
        replay: attacker.replay(attack),
        fix: "Verify the context inside the database (signed or issued, bound to the transaction), or keep every statement parameterised and revoke execute on function pg_catalog.set_config from public.",
        severity: isToken || scene.target.sqlInjectable ? "leak" : "hygiene",
      })
      // One example is enough of what nearly every system does.
      if (Object.hasOwn(attacker.tenant.connect.settings, name) && !isToken) return
    }
  }
}

const sentence = ({ name, isToken }: Forgery, { attacker, victim }: Pair): string =>
  isToken
    ? `The token in ${name} is believed with another tenant's key in it and the old signature: nothing verifies it.`
    : `Whoever can get SQL into one statement of tenant ${attacker.name} reads tenant ${victim.name}: ${name} is a plain setting, and SQL can set it.`

interface Forgery {
  readonly name: string
  readonly value: string
  /** A signed form whose signature was left as it was. */
  readonly isToken: boolean
}

/** Flags and keys for settings that the target does not name, then the target's own with the victim's key. */
async function forgeriesOf(scene: Scene, record: CheckRecord, { attacker, victim }: Pair): Promise<Forgery[]> {
  const [key] = victim.keys
  if (key === undefined) return []
  const { settings } = attacker.tenant.connect
  const unnamed = (await settingNames(scene, record)).filter((name) => !Object.hasOwn(settings, name))
  const flags = unnamed.flatMap((name) =>
    [key, "on", "true", "1", "admin", "*"].map((value): Forgery => ({ name, value, isToken: false })),
  )
  const own = Object.entries(settings).flatMap(([name, value]): Forgery[] => {
    const token = withTokenKey(value, attacker.keys, key)
    if (token !== undefined) return [{ name, value: token, isToken: true }]
    return holdsKey(value, attacker.keys) ? [{ name, value: withKey(value, attacker.keys, key), isToken: false }] : []
  })
  return [...flags, ...own]
}

/** A token of several parts, one of which is encoded text with the key: that part changed, the others kept. */
function withTokenKey(value: string, own: readonly string[], key: string): string | undefined {
  const parts = value.split(".")
  if (parts.length < 2) return undefined
  const changed = parts.map((part) => {
    const text = Buffer.from(part, "base64url").toString("utf8")
    const isText = /^[\x20-\x7e]{3,}$/.test(text)
    return isText && holdsKey(text, own) ? Buffer.from(withKey(text, own, key)).toString("base64url") : part
  })
  return changed.join(".") === value ? undefined : changed.join(".")
}

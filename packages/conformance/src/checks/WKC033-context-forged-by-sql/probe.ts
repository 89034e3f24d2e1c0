import { labelOf, type Relation } from "../../catalog/relation.js"
import { aims } from "../../probe/aim.js"
import { holdsTenants } from "../../probe/ground.js"
import type { Pair } from "../../probe/pair.js"
import { closedTables } from "../../probe/reach.js"
import { seesOwn } from "../../probe/sees-own.js"
import { isShut } from "../../probe/shut.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { type Forgery, forgeriesOf, isSigned } from "./forgeries.js"
import { type Aim, type Attempt, oneSelect, otherWays, type Way } from "./ways.js"

export const probe = defineProbe({
  code: "WKC033",
  title: "SQL inside a tenant's statement can take another tenant's context",
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
  let isFirst = true
  for (const relation of await tablesOf(scene, pair)) {
    const theirs = await scene.facts.owned(relation, victim)
    const where = aims(relation, victim, theirs)[0]
    if (theirs.count === 0 || where === undefined) continue
    const sees = await seesOwn(scene, attacker, relation)
    // Whether a way is open does not depend on the table: the longer ones are tried where the tenant sees something.
    const ways = isFirst && sees ? [oneSelect, ...otherWays] : [oneSelect]
    if (sees) isFirst = false
    for (const forgery of forgeries) {
      const open = await openWays(scene, record, pair, { relation, where }, forgery, ways)
      if (sees || (await isShut(scene, attacker, relation))) record.control()
      const [worked] = open
      if (worked === undefined) continue
      record.found(findingOf(scene, pair, relation, forgery, open, worked.attempt))
      // One example is enough of what nearly every system does.
      if (
        Object.keys(forgery.settings).every((name) => Object.hasOwn(attacker.tenant.connect.settings, name)) &&
        forgery.trick === ""
      )
        return
    }
  }
}

/** Of a signed context those alone that are closed without a trick: what is open anyway proves nothing about the signature. */
async function tablesOf(scene: Scene, pair: Pair): Promise<readonly Relation[]> {
  const tables = scene.catalog.relations.filter(holdsTenants).slice(0, 60)
  return isSigned(pair) ? await closedTables(scene, pair, tables) : tables
}

interface Open {
  readonly way: Way
  readonly attempt: Attempt
}

async function openWays(
  scene: Scene,
  record: CheckRecord,
  { attacker }: Pair,
  aim: Aim,
  forgery: Forgery,
  ways: readonly Way[],
): Promise<Open[]> {
  const open: Open[] = []
  for (const way of ways) {
    const attempt = await way.attempt(scene, attacker, aim, forgery)
    record.probe(labelOf(aim.relation))
    if (attempt.count > 0) open.push({ way, attempt })
  }
  return open
}

function findingOf(
  scene: Scene,
  pair: Pair,
  relation: Relation,
  forgery: Forgery,
  open: readonly Open[],
  { count, replay }: Attempt,
): Parameters<CheckRecord["found"]>[0] {
  const label = labelOf(relation)
  const names = Object.keys(forgery.settings).join(" and ")
  const ways = open.map(({ way }) => way.name).join(", ")
  return {
    object: label,
    message: sentence(forgery, pair, names),
    evidence: `${count} rows of tenant ${pair.victim.name} in ${label} after ${names} was set by: ${ways}`,
    replay,
    fix: "Verify the context inside the database (signed or issued, bound to the transaction, its secret in a table that the application cannot read or set), or keep every statement parameterised and revoke execute on function pg_catalog.set_config from public.",
    severity: forgery.trick !== "" || isSigned(pair) || scene.target.sqlInjectable ? "leak" : "hygiene",
  }
}

const sentence = ({ trick }: Forgery, { attacker, victim }: Pair, names: string): string =>
  trick === ""
    ? `Whoever can get SQL into one statement of tenant ${attacker.name} reads tenant ${victim.name}: ${names} is a plain setting, and SQL can set it.`
    : `The signed context of tenant ${attacker.name} is got around: the database believes ${trick}.`

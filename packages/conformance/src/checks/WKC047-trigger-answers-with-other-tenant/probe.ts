import { quoteIdent } from "@wardkeep/core"
import { quoted } from "../../catalog/relation.js"
import { tellingText } from "../../database/outcome.js"
import { aims } from "../../probe/aim.js"
import { type Ground, holdsTenants, isTenantView, onEveryTable } from "../../probe/ground.js"
import { insertStatement, literalOf } from "../../probe/insertion.js"
import { ownRow } from "../../probe/natural-key.js"
import { toldWords } from "../../probe/own-words.js"
import { defineProbe } from "../../run/check.js"
import { type Acting, actingOn } from "./acting.js"
import { isAskable } from "./asking.js"
import { toldByEverybodys } from "./everybodys.js"
import { toldByExisting } from "./existing.js"
import { copiedByName } from "./named.js"
import { toldByNumber } from "./numbered.js"
import { toldBySuffix } from "./suffixed.js"
import { toldByNeighbour } from "./told.js"

export const probe = defineProbe({
  code: "WKC047",
  title: "A trigger or a CHECK answers a tenant with what belongs to another",
  severity: "leak",
  cwe: "CWE-668",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => {
    const all = await actingOn(scene)
    const acts = (oid: string): boolean => all.some(({ relation }) => relation === oid)
    await onEveryTable(
      scene,
      record,
      async (ground) =>
        await ask(
          ground,
          all.filter(({ relation }) => relation === ground.relation.oid),
        ),
      (relation) => acts(relation.oid) && (holdsTenants(relation) || isTenantView(relation)),
    )
  },
})

async function ask(ground: Ground, acting: readonly Acting[]): Promise<void> {
  const { record, label, attacker, victim } = ground
  // What shows a value to one tenant tells the other one too.
  if (record.findings.some(({ object, severity }) => object === label && severity === "leak")) return
  const acts = acting.map(({ source }) => source).join("\n")
  if (await shows(ground, acts)) return
  const isCopied = await copies(ground, acts)
  const apart = attacker.whyApart(victim)
  if (apart !== undefined && acting.some(({ definer }) => definer)) {
    record.leftOut(
      label,
      `whether its triggers' answers change with another tenant's rows was not tried, because ${apart}`,
    )
  }
  const names = [...new Set(acting.map(({ name }) => name))].join(", ")
  const told = isCopied
    ? undefined
    : ((apart === undefined ? await toldByNeighbour(ground) : await toldByNumber(ground, acting)) ??
      (await toldByExisting(ground, acting)) ??
      (await toldBySuffix(ground, acting)))
  if (told !== undefined) {
    record.found({
      object: label,
      message: `A tenant's own row in ${label} tells tenant ${attacker.name} of the rows of tenant ${victim.name}.`,
      evidence: `of tenant ${attacker.name}'s own row: ${told.how} because of a row of tenant ${victim.name}; ${names} acts there`,
      replay: told.replay,
      fix: `Let ${names} compare the tenant of the rows it looks at, or run with the caller's rights.`,
      ...oracle,
    })
  }
  const everybodys = apart === undefined ? await toldByEverybodys(ground, acting) : undefined
  if (everybodys === undefined) return
  record.found({
    object: everybodys.object,
    message: `${everybodys.object} is everybody's, and tells tenant ${attacker.name} of what tenant ${victim.name} writes into ${label}.`,
    evidence: `its rows were not the same after one statement of tenant ${victim.name} on its own rows; ${names} acts there`,
    replay: everybodys.replay,
    fix: `Keep what ${names} counts in a table with the tenant's key, or let the application's roles select only the other columns of ${everybodys.object}.`,
    ...oracle,
  })
}

const oracle = { severity: "oracle", cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N" } as const

/** What comes back besides what was sent is searched: the row, the error with its detail and hint, notices. */
async function shows(ground: Ground, acts: string): Promise<boolean> {
  const { scene, record, label, attacker, victim } = ground
  for (const { attack, sent } of attacks(ground)) {
    const outcome = await attacker.act(async (tx) => await tx.attempt(attack))
    record.probe(label)
    if (outcome.error === undefined && outcome.count > 0) record.control()
    const answer = sent
      .filter((text) => text.length > 5)
      .reduce((text, one) => text.replaceAll(one, ""), tellingText(outcome))
    const hit = await toldWords(scene, { attacker, victim }, acts, answer, sent)
    if (hit === undefined) continue
    const where = outcome.error === undefined ? "What came back" : `The refusal (${outcome.error.code})`
    record.found({
      object: label,
      message: `A trigger of this table answers tenant ${attacker.name} with what tenant ${victim.name} has.`,
      evidence: `${where} held a value of ${hit.place} that only tenant ${victim.name} has, sha-256 ${hit.hash}`,
      replay: attacker.replay(attack),
      fix: `Let the trigger functions of ${label} compare the tenant, keep other rows' values out of their messages, or make them SECURITY INVOKER.`,
    })
    return true
  }
  return false
}

/** A row of one's own that names the victim's, and what stands then in rows of one's own. */
async function copies(ground: Ground, acts: string): Promise<boolean> {
  const { record, label, attacker, victim } = ground
  const copied = await copiedByName(ground, acts)
  if (copied === undefined) return false
  record.found({
    object: label,
    message: `A trigger of this table copies for tenant ${attacker.name} what tenant ${victim.name} has, where a row of tenant ${attacker.name} names it.`,
    evidence: `${copied.shownIn} then held a value of ${copied.place} that only tenant ${victim.name} has, sha-256 ${copied.hash}`,
    replay: attacker.replay(...copied.statements),
    fix: `Let the trigger functions of ${label} look up what a new row names together with its tenant, or make them SECURITY INVOKER.`,
  })
  return true
}

interface Attack {
  readonly attack: string
  /** Values of the victim's in it, which are no answer. */
  readonly sent: readonly string[]
}

/** The attacker's own row with one value of the victim's and nothing else, and with all of them but one. */
function attacks(ground: Ground): Attack[] {
  const { relation, theirs, mine, rights, attacker } = ground
  const [row] = theirs.rows
  if (row === undefined) return []
  const asked = relation.columns.filter(({ name }) => isAskable(ground, name)).slice(0, 12)
  const empty = relation.columns
    .filter(({ notNull, generated, identity }) => !notNull && !generated && identity === "")
    .map(({ name, base }): [string, string] => [name, `null::${base}`])
  const shown = rights.select.map(quoteIdent).join(", ")
  const suffix = ` returning ${shown === "" ? "1" : shown}`
  const values = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, literalOf(relation, name, row)]))
  const sent = (names: readonly string[]): string[] => names.map((name) => String(row.values[name]))
  const insert = (set: Record<string, string>): string | undefined =>
    insertStatement({ relation, rights, like: ownRow(ground), set, suffix })
  const own = mine.count > 0 ? aims(relation, attacker, mine)[0] : undefined
  const update = (names: readonly string[]): string | undefined => {
    const set = names.filter((name) => rights.update.includes(name))
    if (own === undefined || set.length === 0) return undefined
    const list = set.map((name) => `${quoteIdent(name)} = ${literalOf(relation, name, row)}`).join(", ")
    return `update ${quoted(relation)} as wk_row set ${list} where ${own}${suffix}`
  }
  const single = asked
    .filter(({ category }) => category === "S" || category === "N")
    .map(({ name }) => ({ attack: insert({ ...Object.fromEntries(empty), ...values([name]) }), sent: sent([name]) }))
  // Numbers of keys that begin with the tenant are made up: the victim's would meet the attacker's own.
  const keyed = new Set(relation.keys.flatMap(({ kind, columns }) => (kind === "f" ? [] : columns)))
  const free = asked.filter(({ name }) => !keyed.has(name))
  const allBut = free.map(({ name }) => free.flatMap((other) => (other.name === name ? [] : [other.name])))
  const most = allBut
    .filter((names) => names.length > 0)
    .flatMap((names) => [insert(values(names)), update(names)].map((attack) => ({ attack, sent: sent(names) })))
  return [...single, ...most].flatMap(({ attack, sent: known }) =>
    attack === undefined ? [] : [{ attack, sent: known }],
  )
}

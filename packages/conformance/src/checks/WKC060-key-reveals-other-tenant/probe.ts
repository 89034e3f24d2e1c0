import { quoteIdent } from "@wardkeep/core"
import { columnOf, type Key, labelOf, type Relation } from "../../catalog/relation.js"
import type { ServerError } from "../../database/outcome.js"
import type { Transaction } from "../../database/transaction.js"
import { aims } from "../../probe/aim.js"
import { atOnce } from "../../probe/at-once.js"
import type { SampleRow } from "../../probe/facts.js"
import { freshValue } from "../../probe/fresh.js"
import { type Ground, onEveryTable } from "../../probe/ground.js"
import { hidden } from "../../probe/hidden.js"
import { insertStatement, literalOf } from "../../probe/insertion.js"
import { isScoped, isSurrogate, keyColumns, ownRow } from "../../probe/natural-key.js"
import { defineProbe } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC060",
  title: "A unique or exclusion key tells whether another tenant has a value",
  severity: "oracle",
  cwe: "CWE-203",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N",
  run: async (scene, record) => {
    await onEveryTable(scene, record, async (ground) => {
      for (const key of ground.relation.keys.filter(({ kind }) => kind !== "f")) await collide(ground, key)
    })
  },
})

async function collide(ground: Ground, key: Key): Promise<void> {
  const names = keyColumns(ground.relation, key)
  if (names.length === 0 || isScoped(ground.scene, ground.relation, key) || ground.rights.insert.length === 0) return
  const replay = (await withCanary(ground, key, names)) ?? (await withTheirs(ground, key, names))
  if (replay !== undefined) report(ground, key, names, replay)
}

/** The victim writes a value that nobody can guess, then the attacker the same one: a refusal says that it exists. */
async function withCanary(ground: Ground, key: Key, names: readonly string[]): Promise<string | undefined> {
  const { scene, record, label, relation, attacker, victim, theirs, rights } = ground
  const set = sharedValues(ground, names)
  const like = theirs.count > 0 ? aims(relation, victim, theirs)[0] : undefined
  const first = insertStatement({ relation, rights: await scene.rights.of(victim, relation), like, set })
  const second = insertStatement({ relation, rights, like: ownRow(ground), set })
  if (first === undefined || second === undefined || attacker.connection !== victim.connection) return undefined
  return await victim.act(async (tx) => {
    const written = await tx.keep(first)
    if (written.error !== undefined || written.count === 0 || !(await attacker.takeOver(tx, victim))) return undefined
    record.probe(label)
    record.control()
    const shown = await collides(tx, second, key)
    return shown && victim.replay(...atOnce(key), first, ...attacker.takingOver(victim), shown)
  })
}

/** The same with a value that the victim has today; it is not printed. */
async function withTheirs(ground: Ground, key: Key, names: readonly string[]): Promise<string | undefined> {
  const { record, label, relation, attacker, theirs, rights } = ground
  const sample = theirs.rows.find(({ values }) =>
    names.every((name) => values[name] !== null && values[name] !== undefined),
  )
  if (sample === undefined) return undefined
  const printed = isSurrogate(relation, key, names)
  const set = Object.fromEntries(names.map((name) => [name, askedFor(relation, name, sample, printed)]))
  const attack = insertStatement({ relation, rights, like: ownRow(ground), set })
  const harmless = insertStatement({ relation, rights, like: ownRow(ground), set: {} })
  if (attack === undefined) return undefined
  return await attacker.act(async (tx) => {
    const collision = await collides(tx, attack, key)
    record.probe(label)
    const control = harmless === undefined ? undefined : await tx.attempt(harmless)
    if (control !== undefined && control.error === undefined && control.count > 0) record.control()
    const isOwn = harmless === undefined ? false : (await collides(tx, harmless, key)) !== undefined
    if (collision === undefined || isOwn) return undefined
    return attacker.replay(...atOnce(key), collision)
  })
}

/** The statement that tells: an error that names the key, or a row that DO NOTHING leaves out where the key is asked. */
async function collides(tx: Transaction, insert: string, key: Key): Promise<string | undefined> {
  const { error } = await tx.attempt(insert)
  if (collided(error, key)) return insert
  // Another key, a foreign key or a trigger at the end of the statement came first.
  if (error === undefined || key.hasExpression || !/^(p|u)$/.test(key.kind)) return undefined
  const quiet = `${insert} on conflict (${key.columns.map(quoteIdent).join(", ")}) do nothing`
  const { error: refusal, count } = await tx.attempt(quiet)
  return refusal === undefined && count === 0 ? quiet : undefined
}

const collided = (error: ServerError | undefined, key: Key): boolean =>
  (error?.code === "23505" || error?.code === "23P01") && error.constraint === key.name

/** New values; for references, those of a row that exists. */
function sharedValues({ relation, theirs }: Ground, names: readonly string[]): Record<string, string> {
  const foreign = new Set(relation.keys.filter(({ kind }) => kind === "f").flatMap(({ columns }) => columns))
  const [sample] = theirs.rows
  return Object.fromEntries(
    names.flatMap((name): [string, string][] => {
      const column = columnOf(relation, name)
      const made = column === undefined || foreign.has(name) ? undefined : freshValue(column)
      const value = made ?? (sample === undefined ? undefined : literalOf(relation, name, sample))
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function report(
  { record, label, relation, attacker, victim }: Ground,
  key: Key,
  names: readonly string[],
  replay: string,
): void {
  const surrogate = isSurrogate(relation, key, names)
  record.found({
    object: label,
    message: surrogate
      ? `Whoever may choose ${names.join(", ")} learns which values other tenants use.`
      : `Tenant ${attacker.name} learns that tenant ${victim.name} has a row with a certain ${names.join(", ")}: the database refuses the same value.`,
    evidence: `${key.name} refused to tenant ${attacker.name} a value that only tenant ${victim.name} has`,
    replay,
    fix: `Let the key ${key.name} begin with the tenant column.`,
    severity: surrogate ? "hygiene" : "oracle",
  })
}

/** A natural key is a person's, also where it is a number: the replay asks for it instead of printing it. */
function askedFor(relation: Relation, name: string, sample: SampleRow, printed: boolean): string {
  const [column, value] = [columnOf(relation, name), sample.values[name]]
  if (printed || column === undefined || typeof value === "object") return literalOf(relation, name, sample)
  return `${hidden(String(value), `${labelOf(relation)}.${name}`)}::${column.base}`
}

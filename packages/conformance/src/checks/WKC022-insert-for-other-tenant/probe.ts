import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import type { Column, Relation } from "../../catalog/relation.js"
import type { ServerError } from "../../database/outcome.js"
import type { Transaction } from "../../database/transaction.js"
import { passedPolicies, refusedFor } from "../../probe/after-policies.js"
import { aims } from "../../probe/aim.js"
import { freshValue } from "../../probe/fresh.js"
import { type Ground, holdsTenants, isTenantView, onEveryTable } from "../../probe/ground.js"
import { insertStatement, literalOf, literalsOf, referencesOf } from "../../probe/insertion.js"
import { defineProbe, type Scene } from "../../run/check.js"
import { derived } from "./derived.js"
import { grows } from "./grows.js"
import { guestIn } from "./guest.js"
import { type Offered, waysFor } from "./ways.js"

export const probe = defineProbe({
  code: "WKC022",
  title: "A tenant writes new rows into another tenant",
  severity: "leak",
  cwe: "CWE-639",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:N",
  run: async (scene, record) => {
    await onEveryTable(scene, record, insert, (relation) => holdsTenants(relation) || isTenantView(relation))
    if (record.probes === 0 && !(await mayInsert(scene))) {
      record.notApplicable(
        "no tenant's login may insert into a tenant's table; grant INSERT where the application writes",
      )
    }
  },
})

async function insert(ground: Ground): Promise<void> {
  const { record, label, attacker, rights } = ground
  if (rights.insert.length === 0) {
    const login = attacker.tenant.connect.role ?? attacker.login
    return record.leftOut(
      label,
      `no row was offered, because ${login} may not insert there; grant insert if the application does`,
    )
  }
  const foreign = foreignValues(ground)
  if (foreign === undefined) return record.leftOut(label, notOffered)
  const before = record.tried.has(label)
  await offer(ground, foreign)
  if (record.findings.every(({ object }) => object !== label)) {
    const attack = await derived(ground)
    if (attack !== undefined) report(ground, attack, "a row that a trigger gave the tenant of a value in it", "")
  }
  if (!before && !record.tried.has(label) && record.findings.every(({ object }) => object !== label)) {
    record.leftOut(label, notOffered)
  }
}

const notOffered =
  "no row that could be made up got as far as a policy; give each tenant a row there from which one can be copied"

async function mayInsert({ actors, catalog, rights }: Scene): Promise<boolean> {
  for (const actor of actors) {
    for (const relation of catalog.relations.filter((one) => holdsTenants(one) || isTenantView(one))) {
      if ((await rights.of(actor, relation)).insert.length > 0) return true
    }
  }
  return false
}

async function offer(ground: Ground, foreign: Offered["set"]): Promise<void> {
  const { scene, record, label, relation, attacker } = ground
  await attacker.act(async (tx) => {
    const others = await otherReferences(ground, foreign)
    let swallowed: Offered | undefined
    let stopped: { readonly attack: string; readonly error: ServerError } | undefined
    for (const { like, set } of sources(ground).flatMap((from) => attempts(ground, foreign, others, from))) {
      const { error, count, attack, statement } = await insertedWith(tx, ground, like, set)
      // A rule or a trigger made nothing of it, and COPY asks no rule.
      if (attack !== undefined && error === undefined && count === 0 && like !== undefined) swallowed ??= { like, set }
      if (attack === undefined || (error === undefined && count === 0)) continue
      // The policy is asked before any constraint: its refusal says something, and so does a constraint's.
      const isRefused = await refusedFor(scene, relation, error)
      record.probe(isRefused || error === undefined ? label : undefined)
      if (isRefused) {
        record.control()
        return (await asGuest(tx, ground, set, like)) || (await otherwise(tx, ground, { like, set }))
      }
      if (error !== undefined) {
        if (await passedPolicies(scene, relation, error)) stopped ??= { attack, error }
        continue
      }
      record.control()
      if (!(await landedAtVictim(tx, ground, statement))) return
      return report(ground, attack, `INSERT 0 ${count}`)
    }
    if (stopped !== undefined) {
      const { attack, error } = stopped
      return report(ground, attack, `${error.code}, a constraint of the table, and no policy, refused the row`)
    }
    if (swallowed !== undefined) await otherwise(tx, ground, swallowed)
  })
}

/** The refused row with the attacker in another column that a policy asks. */
async function asGuest(
  tx: Transaction,
  ground: Ground,
  refused: Offered["set"],
  like: string | undefined,
): Promise<boolean> {
  for (const set of await guestIn(ground, refused)) {
    const { error, count, attack, statement } = await insertedWith(tx, ground, like, set)
    if (attack === undefined || error !== undefined || count === 0) continue
    if (!(await landedAtVictim(tx, ground, statement))) continue
    report(ground, attack, `INSERT 0 ${count}`)
    return true
  }
  return false
}

/** Other statements that put the same row there. */
async function otherwise(tx: Transaction, ground: Ground, row: Offered): Promise<void> {
  for (const way of waysFor(ground)) {
    const offer = await way.offer(tx, ground, row)
    if (offer === undefined) continue
    const { count } = await offer.run(tx)
    ground.record.probe(ground.label)
    if (count === 0 || !(await grows(tx, ground, async () => await offer.run(tx, "kept")))) continue
    const how = way.given === "" ? way.statement : `${way.statement}, ${way.given},`
    return report(ground, offer.attack, `${how} put ${count} row there`)
  }
}

function report(
  { record, label, attacker, victim }: Ground,
  attack: string,
  tag: string,
  whose = ` with the tenant of ${victim.name}`,
): void {
  record.found({
    object: label,
    message: `Tenant ${attacker.name} puts a row into the data of tenant ${victim.name}.`,
    evidence: `${tag}${whose} in the context of tenant ${attacker.name}`,
    replay: attacker.replay(attack),
    fix: `Give the INSERT policies of ${label} a WITH CHECK that compares the tenant with the context.`,
  })
}

interface Inserted {
  readonly error: ServerError | undefined
  readonly count: number
  readonly attack: string | undefined
  readonly statement: (suffix: string) => string | undefined
}

/** Once more without each column that the server says cannot be written. */
async function insertedWith(
  tx: Transaction,
  { relation, rights }: Ground,
  like: string | undefined,
  set: Readonly<Record<string, string>>,
): Promise<Inserted> {
  let writable = rights.insert
  for (;;) {
    const allowed = { ...rights, insert: writable }
    const statement = (suffix: string) => insertStatement({ relation, rights: allowed, like, set, suffix })
    const attack = statement("")
    if (attack === undefined) return { error: undefined, count: 0, attack, statement }
    const { error, count } = await tx.attempt(attack)
    const refused = /column "([^"]+)" of/.exec(error?.message ?? "")?.[1]
    if (error?.code.startsWith("23") || refused === undefined || !writable.includes(refused)) {
      return { error, count, attack, statement }
    }
    writable = writable.filter((name) => name !== refused)
  }
}

/** A view does not tell which of its columns are keys, so new numbers are tried as well. */
function attempts(
  { relation }: Ground,
  foreign: Offered["set"],
  others: readonly Offered["set"][],
  like: string | undefined,
): Offered[] {
  const numbers = relation.columns
    .filter(({ name, category }) => relation.kind === "v" && category === "N" && !isTenant(relation, name))
    .flatMap((column): [string, string][] => {
      const value = freshValue(column)
      return value === undefined ? [] : [[column.name, value]]
    })
  const sets = numbers.length > 0 ? [{ ...Object.fromEntries(numbers), ...foreign }, ...single(numbers, foreign)] : []
  // A partitioned table has no place for a day that is made up, and a CHECK none for a word.
  const copied = [/D/, /S/, /[DS]/].flatMap((category) => {
    const keyed =
      like === undefined ? [] : relation.columns.filter((one) => category.test(one.category) && isKeyed(relation, one))
    const same = Object.fromEntries(keyed.map(({ name }) => [name, `wk_row.${quoteIdent(name)}`]))
    return keyed.length > 0 ? [{ ...same, ...foreign }] : []
  })
  return [...sets, foreign, ...others, ...copied].map((set) => ({ like, set }))
}

const isKeyed = ({ keys }: Relation, { name }: Column): boolean =>
  keys.some(({ kind, columns }) => (kind === "p" || kind === "u") && columns.includes(name))

/**
 * Where every column of a key is the tenant or a reference, the victim has the row already and the key refuses the copy:
 * the same with other parents that exist.
 */
async function otherReferences(ground: Ground, foreign: Offered["set"]): Promise<Offered["set"][]> {
  const { scene, relation, theirs } = ground
  const [sample] = theirs.rows
  if (sample === undefined) return []
  const taken = relation.keys.filter(({ kind }) => kind === "p" || kind === "u").map(({ columns }) => columns)
  const found: Record<string, string>[] = []
  for (const { kind, columns, parent: oid, parentColumns } of relation.keys) {
    const parent = scene.catalog.byOid(oid ?? "")
    const [name = "", ...more] = columns.filter(
      (column) => foreign[column] !== undefined && !isTenant(relation, column),
    )
    const above = parentColumns?.[columns.indexOf(name)]
    if (kind !== "f" || parent === undefined || more.length > 0 || above === undefined) continue
    if (!taken.some((key) => key.includes(name) && key.every((column) => Object.hasOwn(foreign, column)))) continue
    for (const value of await scene.facts.others(parent, above, sample.values[name], ground.victim)) {
      found.push({ ...foreign, [name]: literalOf(relation, name, { ...sample, values: { [name]: value } }) })
    }
  }
  return found
}

const isTenant = ({ tenancy }: Relation, name: string): boolean =>
  tenancy.by === "column" && tenancy.column.name === name

const single = (numbers: readonly [string, string][], foreign: Readonly<Record<string, string>>) =>
  numbers.map(([name, value]) => ({ [name]: value, ...foreign }))

/** What makes the row the victim's: its tenant column and its parents. */
function foreignValues({ relation, victim, theirs }: Ground): Record<string, string> | undefined {
  const { tenancy } = relation
  const [sample] = theirs.rows
  if (tenancy.by === "column") {
    const [key] = victim.keys
    if (key === undefined || tenancy.column.generated) return undefined
    const value = tenancy.column.category === "A" ? `array[${quoteLiteral(key)}]` : quoteLiteral(key)
    const references = sample === undefined ? {} : referencesOf(relation, sample, [tenancy.column.name])
    return { ...references, [tenancy.column.name]: `${value}::${tenancy.column.base}` }
  }
  // Where nothing is protected, a log of everybody's is meant to be written by everybody.
  if (tenancy.by === "derived")
    return relation.rls && sample !== undefined ? literalsOf(relation, tenancy.columns, sample) : undefined
  if (tenancy.by === "schema") return victim.keys.includes(tenancy.key) ? {} : undefined
  return sample === undefined || tenancy.by !== "parent" ? undefined : referencesOf(relation, sample)
}

/** Rows to copy, the attacker's own first; at last none. */
function sources({ relation, attacker, mine }: Ground): (string | undefined)[] {
  return [...(mine.count > 0 ? aims(relation, attacker, mine).slice(0, 1) : []), undefined]
}

/** A trigger may have brought the row home. Where it cannot be read back, it is not the attacker's. */
async function landedAtVictim(
  tx: Transaction,
  ground: Ground,
  statement: (suffix: string) => string | undefined,
): Promise<boolean> {
  const { scene, record, label, relation, rights, attacker, victim } = ground
  const kept = async (): Promise<unknown> => await tx.keep(statement("") ?? "")
  // What such a trigger returns is told and counted, whatever it wrote.
  if (relation.kind === "v" && (await hasTriggerInstead(scene, relation))) {
    const apart = victim.whyApart(attacker)
    if (apart !== undefined)
      record.leftOut(label, `whose row its trigger wrote could not be looked up, because ${apart}`)
    return apart === undefined && (await grows(tx, ground, kept))
  }
  const attack = statement(` returning ${returned(relation)} as tenant`)
  if (attack === undefined || rights.select.length === 0) return true
  const { rows, error } = await tx.attempt(attack)
  if (error !== undefined && error.code !== "0A000") return true
  if (error !== undefined) return await grows(tx, ground, kept)
  return relation.tenancy.by !== "column" || victim.keys.includes(textOf(rows[0]?.tenant))
}

async function hasTriggerInstead({ reader }: Scene, { oid }: Relation): Promise<boolean> {
  const rows = await reader.rows(
    `select 1 from pg_catalog.pg_trigger where tgrelid = ${Number(oid)} and tgtype & 64 = 64 and tgenabled <> 'D'`,
  )
  return rows.length > 0
}

const textOf = (value: unknown): string => String(value).replace(/^\{(.*)\}$/, "$1")

const returned = ({ tenancy }: Relation): string =>
  tenancy.by === "column" ? `${quoteIdent(tenancy.column.name)}::text` : "null"

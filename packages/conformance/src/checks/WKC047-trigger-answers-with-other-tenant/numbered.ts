import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, quoted } from "../../catalog/relation.js"
import { belongsTo } from "../../catalog/whose.js"
import type { Transaction } from "../../database/transaction.js"
import { aims } from "../../probe/aim.js"
import type { SampleRow } from "../../probe/facts.js"
import type { Ground } from "../../probe/ground.js"
import { insertStatement, literalOf } from "../../probe/insertion.js"
import { ownTexts } from "../../probe/own-words.js"
import { names } from "../../probe/policy-parts.js"
import type { Acting } from "./acting.js"
import { type Numbered, numbered } from "./asking.js"
import type { Told } from "./told.js"

/** Groups of the attacker's own rows that are numbered, such as its years. */
const groupLimit = 3

/**
 * Where no transaction is both tenants': what the attacker's new row is numbered with, beside the numbers that are there. It is
 * told of another tenant where its number goes on from everybody's rows and not from its own, and comes from no counter.
 */
export async function toldByNumber(ground: Ground, acting: readonly Acting[]): Promise<Told | undefined> {
  const { relation, mine, rights } = ground
  if (rights.insert.length === 0 || !acting.some(({ definer }) => definer)) return undefined
  for (const one of numbered(relation, rights)) {
    const groups = new Map(mine.rows.map((row) => [JSON.stringify(one.group.map(({ name }) => row.values[name])), row]))
    for (const row of [...groups.values()].slice(0, groupLimit)) {
      const told = await inGroup(ground, acting, one, row)
      if (told !== undefined) return told
    }
  }
  return undefined
}

async function inGroup(
  ground: Ground,
  acting: readonly Acting[],
  one: Numbered,
  row: SampleRow,
): Promise<Told | undefined> {
  const { record, label, attacker } = ground
  const insert = (): string => inserting(ground, one, row)
  const asked = insert()
  if (asked === "") return undefined
  const draw = async (tx: Transaction): Promise<Drawn | undefined> => await drawn(tx, asked)
  const [first, again] = [await attacker.act(draw), await attacker.act(draw)]
  // A sequence moves on, whatever is undone.
  if (first === undefined || first.text !== again?.text) return undefined
  const next = await attacker.act(async (tx) => ((await drawn(tx, asked)) ? await drawn(tx, insert()) : undefined))
  record.probe(label)
  record.control()
  const step = (next?.number ?? 0) - first.number
  if (step <= 0 || next?.prefix !== first.prefix) return undefined
  if (!(await goesOnFromOthers(ground, one, first, first.number - step))) return undefined
  if (!(await isFromRows(ground, acting, one, first, { asked, next: insert() }))) return undefined
  const highest = `select max(${numberOf(one.column)}) as own_highest from ${quoted(ground.relation)} as wk_row where ${ofGroup(ground, one, row)}`
  return {
    how: `${one.column.name} comes back as the next after everybody's, and not after its own,`,
    replay: attacker.replay(highest, asked),
  }
}

/** The attacker's own rows of that row's group. */
function ofGroup({ relation, rights, attacker, mine }: Ground, { group }: Numbered, row: SampleRow): string {
  const [own = "false"] = aims(relation, attacker, mine)
  const same = group
    .filter(({ name }) => rights.select.includes(name))
    .map(({ name }) => ` and wk_row.${quoteIdent(name)} = ${literalOf(relation, name, row)}`)
  return `${own}${same.join("")}`
}

/** A row like that one, in its group, whose number is left to the server. */
function inserting(ground: Ground, one: Numbered, row: SampleRow): string {
  const { relation, rights } = ground
  const { column, group } = one
  const kept = group.filter(({ name }) => rights.insert.includes(name) && rights.select.includes(name))
  const set = Object.fromEntries(kept.map(({ name }) => [name, `wk_row.${quoteIdent(name)}`]))
  const told = [column, ...group].map(({ name }, at) => `${quoteIdent(name)}::text as told_${at}`)
  return (
    insertStatement({
      relation,
      rights,
      like: ofGroup(ground, one, row),
      set: { ...set, [column.name]: "default" },
      suffix: ` returning ${told.join(", ")}`,
      same: true,
    }) ?? ""
  )
}

/** A number that was given, such as 58, or 2026-0058, and in which group. */
interface Drawn {
  readonly text: string
  readonly prefix: string
  readonly number: number
  readonly group: readonly string[]
}

async function drawn(tx: Transaction, statement: string): Promise<Drawn | undefined> {
  const { rows, error } = await tx.keep(statement)
  const [text = "", ...group] = Object.values(rows[0] ?? {}).map(String)
  const [, prefix, digits] = /^(.*?)(\d{1,15})$/s.exec(text) ?? []
  if (error !== undefined || prefix === undefined) return undefined
  return { text, prefix, number: Number(digits), group }
}

const numberOf = ({ name }: Column): string => `substring(wk_row.${quoteIdent(name)}::text from '\\d{1,15}$')::numeric`

const inSame = ({ column, group }: Numbered, { prefix, group: values }: Drawn): string =>
  [
    `regexp_replace(wk_row.${quoteIdent(column.name)}::text, '\\d{1,15}$', '') = ${quoteLiteral(prefix)}`,
    ...group.map(({ name, base }, at) => `wk_row.${quoteIdent(name)} = ${quoteLiteral(values[at] ?? "")}::${base}`),
  ].join(" and ")

/**
 * The number before it is the highest of the group, which is the victim's and above all of the attacker's there; or as many as
 * the group has rows, and more than the attacker has at all. And it is neither a number of
 * the attacker's own, in whatever group, nor how many rows it has.
 */
async function goesOnFromOthers(
  { scene, relation, attacker, victim }: Ground,
  one: Numbered,
  first: Drawn,
  before: number,
): Promise<boolean> {
  const [own, theirs] = [belongsTo(relation, "wk_row", attacker.keys), belongsTo(relation, "wk_row", victim.keys)]
  const { rows, error } = await scene.facts.ask(
    `select max(n) filter (where same) as highest, max(n) filter (where same and theirs) as theirs,
        coalesce(max(n) filter (where same and own), 0) as own, count(*) filter (where same) as rows,
        count(*) filter (where same and theirs) as "theirRows",
        count(*) filter (where own and n = ${before}) as "ownBefore", count(*) filter (where own) as "ownRows"
      from (select ${numberOf(one.column)} as n, ${inSame(one, first)} as same, ${own} as own, ${theirs} as theirs
        from ${quoted(relation)} as wk_row) as q`,
    [],
    "10s",
  )
  const [seen] = rows
  if (error !== undefined || seen === undefined) return false
  const of = (name: string): number => Number(seen[name] ?? -1)
  if (of("ownBefore") > 0 || of("ownRows") === before) return false
  const isHighest = of("highest") === before && of("theirs") === before && of("own") < before
  return isHighest || (of("rows") === before && of("theirRows") > 0 && of("ownRows") < before)
}

/**
 * A counter of the attacker's own may stand where another tenant's rows end, by chance. It goes on when the row that it numbered
 * is gone; what looks at the rows does not. Where the attacker may not delete, a counter is what somebody has to write.
 */
async function isFromRows(
  { scene, relation, rights, attacker, victim, mine }: Ground,
  acting: readonly Acting[],
  one: Numbered,
  first: Drawn,
  { asked, next }: { readonly asked: string; readonly next: string },
): Promise<boolean> {
  const gone = `delete from ${quoted(relation)} as wk_row where ${aims(relation, attacker, mine)[0]} and wk_row.${quoteIdent(one.column.name)}::text = ${quoteLiteral(first.text)} and ${inSame(one, first)}`
  const again = await attacker.act(async (tx) => {
    await drawn(tx, asked)
    const { error, count } = await tx.keep(gone)
    return rights.delete && error === undefined && count > 0 ? await drawn(tx, next) : undefined
  })
  if (again !== undefined) return again.text === first.text
  const texts = await ownTexts(scene, { attacker, victim }, acting.map(({ source }) => source).join("\n"))
  // Neither a comment nor a word such as 'INSERT', which TG_OP is compared with, writes; what EXECUTE is given is seen by its name.
  const bodies = texts.map((text) =>
    text.replace(/--[^\n]*|\/\*.*?\*\/|'(?:[^']|'')*'|\bfor\s+(no\s+key\s+)?update\b/gis, " "),
  )
  return (
    bodies.some((text) => names(text, relation.name)) &&
    !bodies.some((text) => /\b(insert|update|merge|nextval|execute)\b/i.test(text.replace(/^.*?\bAS\s+(?=\$)/is, "")))
  )
}

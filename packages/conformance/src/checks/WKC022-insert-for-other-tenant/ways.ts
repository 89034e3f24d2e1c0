import type { Outcome } from "../../database/outcome.js"
import type { Transaction } from "../../database/transaction.js"
import type { Ground } from "../../probe/ground.js"
import { insertionOf, insertStatement } from "../../probe/insertion.js"
import { isTried, mergeFrom, onBoth, plans, prepared, type Way } from "../../probe/way.js"

/** The row that an INSERT was refused for. */
export interface Offered {
  readonly like: string | undefined
  readonly set: Readonly<Record<string, string>>
}

/** One statement that offers the row. */
export interface Offer {
  /** For a replay. */
  readonly attack: string
  /** Undone at once, or kept. */
  run(tx: Transaction, kept?: "kept"): Promise<Outcome>
}

interface InsertWay extends Way {
  readonly offer: (tx: Transaction, ground: Ground, row: Offered) => Promise<Offer | undefined>
}

/** The one that is tried first, with every row that can be made up. */
export const plainInsert: Way = { statement: "INSERT", given: "", on: onBoth }

/** Where an INSERT is refused, the same row by statements that other code of the server answers. */
export const insteadOfInsert: readonly InsertWay[] = [
  { statement: "MERGE … WHEN NOT MATCHED THEN INSERT", given: "", on: onBoth, from: mergeFrom, offer: merging },
  { statement: "INSERT … RETURNING", given: "", on: onBoth, offer: async (_, ground, row) => returning(ground, row) },
  {
    statement: "INSERT … ON CONFLICT DO NOTHING",
    given: "",
    on: onBoth,
    offer: async (_, ground, row) => given(insertOf(ground, row, " on conflict do nothing")),
  },
  ...plans.map(
    (plan): InsertWay => ({
      statement: "INSERT",
      given: `prepared, ${plan} plan`,
      on: onBoth,
      offer: async (_, ground, row) => {
        const insert = insertOf(ground, row)
        return given(insert && prepared(plan, insert))
      },
    }),
  ),
  { statement: "COPY … FROM STDIN", given: "", on: onBoth, offer: copying },
]

/** Those for that relation, with what it is called. */
export const waysFor = ({ relation, scene }: Ground): readonly InsertWay[] =>
  insteadOfInsert.filter((way) => isTried(way, relation, scene.serverVersion))

const insertOf = ({ relation, rights }: Ground, { like, set }: Offered, suffix = ""): string | undefined =>
  insertStatement({ relation, rights, like, set, suffix })

const given = (attack: string | undefined): Offer | undefined =>
  attack === undefined
    ? undefined
    : {
        attack,
        run: async (tx, kept) => (kept === undefined ? await tx.attempt(attack) : await tx.keep(attack)),
      }

async function merging(_: Transaction, { relation, rights }: Ground, { like, set }: Offered) {
  return given(insertStatement({ relation, rights, like, set, merge: true }))
}

const returning = (ground: Ground, row: Offered): Offer | undefined =>
  ground.rights.select.length === 0 ? undefined : given(insertOf(ground, row, " returning 1"))

/** COPY asks no rule. The row is written out by the server and read in again, so that no value of it stands in a report. */
async function copying(tx: Transaction, { relation, rights }: Ground, { like, set }: Offered) {
  const parts = insertionOf({ relation, rights, like, set })
  if (parts === undefined) return undefined
  const { names, values, source } = parts
  const texts = values.map((value, place) => `(${value})::text as c${place}`)
  const { rows, error } = await tx.attempt(`select ${texts.join(", ")} ${source}`)
  const [row] = rows
  if (error !== undefined || row === undefined) return undefined
  const line = values.map((_, place) => copyText(row[`c${place}`])).join("\t")
  const into = `${parts.into} (${names.join(", ")})`
  return {
    attack: `copy (select ${values.join(", ")} ${source}) to stdout \\g wk_row.copy\n\\copy ${into} from 'wk_row.copy'`,
    run: async (own: Transaction, kept?: "kept") => {
      const copy = `copy ${into} from stdin`
      return kept === undefined ? await own.copied(copy, `${line}\n`) : await own.keepCopied(copy, `${line}\n`)
    },
  } satisfies Offer
}

/** As the text format of COPY wants it. */
const copyText = (value: unknown): string =>
  value === null || value === undefined
    ? "\\N"
    : String(value).replaceAll("\\", "\\\\").replaceAll("\t", "\\t").replaceAll("\n", "\\n").replaceAll("\r", "\\r")

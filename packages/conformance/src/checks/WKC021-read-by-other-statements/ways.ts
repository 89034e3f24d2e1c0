import { quoted, type Relation } from "../../catalog/relation.js"
import { onBoth, plans, type Way } from "../../probe/way.js"

/** A statement that returns rows. */
export interface Form {
  readonly name: string
  /** Statements; the `answer`-th one returns the rows. */
  readonly statements: readonly string[]
  readonly answer: number
}

interface ReadWay extends Way {
  readonly name: string
  readonly isLock?: true
  readonly form: (rows: string) => Omit<Form, "name">
}

const single = (text: (rows: string) => string) => (rows: string) => ({ statements: [text(rows)], answer: 0 })
const cursor = (kind: string) => (rows: string) => ({
  statements: [`declare wk_form ${kind} cursor for ${rows}`, "fetch all from wk_form", "close wk_form"],
  answer: 1,
})
const locks = ["FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE", "FOR KEY SHARE"]

/** Each on its own can be refused without the others: a lock asks for another privilege, COPY for every column. */
export const readWays: readonly ReadWay[] = [
  ...locks.map(
    (lock): ReadWay => ({
      statement: `SELECT … ${lock}`,
      given: "",
      on: onBoth,
      name: lock,
      isLock: true,
      form: single((rows) => `${rows} ${lock.toLowerCase()}`),
    }),
  ),
  {
    statement: "COPY (SELECT …) TO STDOUT",
    given: "",
    on: onBoth,
    name: "COPY of a query",
    form: single((rows) => `copy (${rows}) to stdout`),
  },
  {
    statement: "SELECT",
    given: "in a common table expression",
    on: onBoth,
    name: "a common table expression",
    form: single((rows) => `with q as materialized (${rows}) select 1 from q`),
  },
  { statement: "SELECT", given: "a cursor", on: onBoth, name: "a cursor", form: cursor("") },
  { statement: "SELECT", given: "a scrolling cursor", on: onBoth, name: "a scrolling cursor", form: cursor("scroll") },
  ...plans.map(
    (plan): ReadWay => ({
      statement: "SELECT",
      given: `prepared, ${plan} plan`,
      on: onBoth,
      name: `a prepared statement (${plan})`,
      form: (rows) => ({
        statements: [
          `set local plan_cache_mode = force_${plan}_plan`,
          `prepare wk_form as ${rows}`,
          "execute wk_form",
          "deallocate wk_form",
        ],
        answer: 2,
      }),
    }),
  ),
]

export function formsOf(relation: Relation, where: string, mayLock: boolean): Form[] {
  const rows = `select 1 from ${quoted(relation)} as wk_row where ${where} limit 20`
  return readWays.filter(({ isLock }) => isLock !== true || mayLock).map(({ name, form }) => ({ name, ...form(rows) }))
}

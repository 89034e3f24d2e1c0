import { quoted, type Relation } from "../../catalog/relation.js"
import { mergeFrom, onBoth, plans, prepared, type Way } from "../../probe/way.js"

interface UpdateWay extends Way {
  /** Writes what stands there already into the column of that quoted name. */
  readonly form: (column: string) => (table: Relation, where: string) => string
}

const plain: UpdateWay["form"] = (name) => (table, where) =>
  `update ${quoted(table)} as wk_row set ${name} = wk_row.${name} where ${where}`

/** Statements that name the rows. */
export const updateWays: readonly UpdateWay[] = [
  { statement: "UPDATE", given: "", on: onBoth, form: plain },
  ...plans.map(
    (plan): UpdateWay => ({
      statement: "UPDATE",
      given: `prepared, ${plan} plan`,
      on: onBoth,
      form: (name) => (table, where) => prepared(plan, plain(name)(table, where)),
    }),
  ),
  {
    statement: "UPDATE",
    given: "WHERE CURRENT OF a cursor",
    on: ["tables"],
    form: (name) => (table, where) =>
      [
        `declare wk_rows cursor for select from ${quoted(table)} as wk_row where ${where} for update`,
        "fetch wk_rows",
        `update ${quoted(table)} set ${name} = ${name} where current of wk_rows`,
      ].join(";\n"),
  },
  {
    statement: "MERGE … WHEN MATCHED THEN UPDATE",
    given: "",
    on: onBoth,
    from: mergeFrom,
    form: (name) => (table, where) =>
      `merge into ${quoted(table)} as wk_row using (select 1) as s on ${where} when matched then update set ${name} = wk_row.${name}`,
  },
]

/** The one that names none. */
export const blindWay: Way = { statement: "UPDATE", given: "blind (without WHERE)", on: onBoth }

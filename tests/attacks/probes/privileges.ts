import { type Probe, plain } from "../probe.ts"
import type { World } from "../world.ts"
import { ownerOf } from "./context-statements.ts"

const denied = /^42501$/
const doctor = (w: World): string => w.grants.doctor.db_role

/** A statement that needs a privilege which nobody gave. */
function refusedAs(name: string, sql: string | readonly string[], refused = denied): Probe {
  return plain(name, sql, { refused })
}

/** What may be called: the readers of the context. Everything else in our schemas is for the issuer and the owner. */
const callable =
  "actor|branch|branches|branches_looked_up|digit_word|group_branches|held|held_branches|is_owner|mfa_at|planned_as|prefix_end|purpose|refuse|refuse_session|request_id|taken|role_name|session_id|strategy|tenant|tenant_for|words"

export const privilegeProbes: readonly Probe[] = [
  {
    name: "no role can call a function of ours that is not a reader of the context",
    sql: (w) => [
      `select r.rolname, p.oid::regprocedure from pg_roles r, pg_proc p
        where r.rolname like '${w.clinic.logins.app.user.replace(/app$/, "")}%' and r.rolname <> '${ownerOf(w)}'
          and not pg_has_role(r.oid, '${ownerOf(w)}', 'usage') and r.rolname <> '${w.clinic.logins.issuer.user}'
          and (p.pronamespace = 'wardkeep'::regnamespace and p.proname !~ '^(${callable})$'
                 and not (p.proname = 'enter' and r.rolname = '${w.clinic.logins.app.user}')
               or p.pronamespace = 'public'::regnamespace and p.prosecdef)
          and has_function_privilege(r.oid, p.oid, 'execute')`,
    ],
    rows: 0,
  },
  {
    name: "no role can create anything in any schema or in the database",
    sql: (w) => [
      `select r.rolname, n.nspname from pg_roles r, pg_namespace n
        where r.rolname like '${w.clinic.logins.app.user.replace(/app$/, "")}%' and not pg_has_role(r.oid, '${ownerOf(w)}', 'usage')
          and (has_schema_privilege(r.oid, n.oid, 'create') or has_database_privilege(r.oid, current_database(), 'create')
               or has_database_privilege(r.oid, current_database(), 'temp'))`,
    ],
    rows: 0,
  },
  refusedAs("TRUNCATE is refused", "truncate public.note"),
  refusedAs(
    "a trigger cannot be attached",
    "create trigger t after insert on public.patient execute function suppress_redundant_updates_trigger()",
  ),
  refusedAs("a rule cannot be written", "create rule r as on select to public.patient do instead nothing"),
  refusedAs("a policy cannot be added", "create policy p on public.patient using (true)"),
  refusedAs("the fence cannot be dropped", "drop policy wk_fence on public.patient"),
  refusedAs("the fence cannot be altered", "alter policy wk_fence on public.patient using (true)"),
  refusedAs("row security cannot be switched off", "alter table public.patient disable row level security"),
  refusedAs("FORCE cannot be taken off", "alter table public.patient no force row level security"),
  refusedAs("a table cannot be dropped", "drop table public.patient"),
  refusedAs("a table cannot be made", "create table public.evil (x int)"),
  refusedAs("a temporary table cannot be made", "create temporary table token (x int)"),
  refusedAs("SELECT INTO a temporary table is refused", "select * into temporary loot from public.patient"),
  refusedAs(
    "a temporary function cannot be made",
    "create function pg_temp.sha256(bytea) returns bytea language sql as 'select $1'",
  ),
  refusedAs("a temporary view cannot be made", "create temporary view v as select * from public.patient"),
  refusedAs("a schema cannot be made", "create schema evil"),
  refusedAs(
    "a function cannot be made",
    "create function public.sha256(bytea) returns bytea language sql as 'select $1'",
  ),
  refusedAs(
    "a function in the role's own schema cannot be made",
    "create function public.now() returns int language sql as 'select 1'",
  ),
  refusedAs(
    "an operator cannot be made",
    "create operator public.= (leftarg = text, rightarg = text, function = texteq)",
  ),
  refusedAs("a type cannot be made", "create type public.text as (x int)"),
  refusedAs("an aggregate cannot be made", "create aggregate public.array_agg(int) (sfunc = int4pl, stype = int)"),
  refusedAs("a cast cannot be made", "create cast (text as int) with inout", /^42501$|^42P17$|^42710$/),
  refusedAs("a view cannot be made", "create view public.loot as select * from public.patient"),
  refusedAs(
    "a materialized view cannot be made",
    "create materialized view public.loot as select * from public.patient",
  ),
  refusedAs("an extension cannot be installed", "create extension dblink", /^42501$|^0A000$|^58P01$/),
  refusedAs("dblink is not there", "select dblink('', '')", /^42883$/),
  refusedAs("a foreign server cannot be made", "create server s foreign data wrapper file_fdw", /^42501$|^42704$/),
  refusedAs("a publication cannot be made", "create publication p for table public.patient"),
  refusedAs(
    "a subscription cannot be made",
    "create subscription s connection '' publication p with (connect = false)",
    /^42501$|^25001$/,
  ),
  refusedAs(
    "an event trigger cannot be made",
    "create event trigger e on ddl_command_end execute function pg_event_trigger_ddl_commands()",
    /^42501$|^42P17$|^42883$/,
  ),
  refusedAs(
    "a replication slot cannot be made",
    "select pg_create_logical_replication_slot('s', 'pgoutput')",
    /^42501$|^55000$/,
  ),
  refusedAs(
    "a function that writes nothing but lies about leaking cannot be made",
    "create function public.leak(text) returns bool leakproof language sql as 'select true'",
  ),
  refusedAs("COPY from a program is refused", "copy public.visit (reason) from program 'id'"),
  refusedAs("COPY to a program is refused", "copy public.patient to program 'cat > /dev/null'"),
  refusedAs("COPY to a file is refused", "copy public.patient to '/loot'"),
  refusedAs("a server file cannot be read", "select pg_read_file('PG_VERSION')"),
  refusedAs("a server file cannot be read as bytes", "select pg_read_binary_file('PG_VERSION')"),
  refusedAs("server directories cannot be listed", "select pg_ls_dir('.')"),
  refusedAs("server files cannot be measured", "select pg_stat_file('PG_VERSION')"),
  refusedAs("logs cannot be listed", "select pg_ls_logdir()"),
  refusedAs("a file does not become a large object", "select lo_import('/etc/hostname')"),
  refusedAs("password hashes cannot be read", "select * from pg_authid"),
  refusedAs("raw statistics cannot be read", "select * from pg_statistic"),
  refusedAs("raw extended statistics cannot be read", "select * from pg_statistic_ext_data"),
  refusedAs("connection rules cannot be read", "select * from pg_hba_file_rules"),
  refusedAs("a role cannot be made", "create role evil superuser"),
  refusedAs("a database cannot be made", "create database evil", /^42501$|^25001$/),
  refusedAs("the own login cannot become a superuser", "alter role current_user superuser"),
  refusedAs("the own login cannot get BYPASSRLS", "alter role current_user bypassrls"),
  refusedAs("the server cannot be configured", "alter system set log_statement = 'all'", /^42501$|^25001$/),
  refusedAs("a checkpoint cannot be forced", "checkpoint"),
  refusedAs("a library cannot be loaded", "load '/evil.so'", /^42501$|^58P01$/),
  refusedAs("prepared transactions are off", "prepare transaction 'x'", /^55000$/),
  refusedAs("clinics cannot be read by a role without them", "select * from public.clinic"),
  refusedAs("drugs cannot be changed by a role that reads them", "update public.drug set name = 'x'"),
  plain("a foreign sequence tells nothing", "select * from wardkeep.activity_id_seq", { refused: denied }),
  plain(
    "catalogs name objects, not rows",
    [
      "select * from pg_class",
      "select * from pg_attribute",
      "select * from pg_policies",
      "select * from pg_constraint",
      "select * from pg_roles",
      "select * from pg_proc",
      "select * from information_schema.columns",
    ],
    { rows: 1_000_000 },
  ),
  plain(
    "statistics of protected tables are hidden",
    "select * from pg_stats where schemaname in ('public', 'wardkeep', 'wardkeep_lookup') and tablename <> 'drug'",
    { rows: 0 },
  ),
  plain("extended statistics of protected tables are hidden", "select * from pg_stats_ext", { rows: 0 }),
  plain(
    "statistics of a table behind a view are hidden",
    "select * from pg_stats where tablename in ('token', 'session', 'signing_key')",
    { as: "nobody", rows: 0 },
  ),
  {
    name: "a privilege cannot be handed on",
    sql: (w) => [
      `grant select on public.patient to ${w.clinic.logins.issuer.user}`,
      `select 1 where has_table_privilege('${w.clinic.logins.issuer.user}', 'public.patient', 'select')`,
    ],
    rows: 0,
  },
  {
    name: "a role cannot be granted to another login",
    sql: (w) => [`grant ${doctor(w)} to ${w.clinic.logins.issuer.user}`],
    refused: denied,
  },
  {
    name: "the owner's role cannot be granted to oneself",
    sql: (w) => [`grant ${ownerOf(w)} to ${w.clinic.logins.app.user}`],
    refused: denied,
  },
  {
    name: "objects of the owner cannot be reassigned",
    sql: (w) => [`reassign owned by ${ownerOf(w)} to current_user`],
    refused: denied,
  },
  {
    name: "objects of the owner cannot be dropped with it",
    sql: (w) => [`drop owned by ${ownerOf(w)}`],
    refused: denied,
  },
  {
    name: "DROP OWNED of the own role takes away rights and opens nothing",
    sql: (w) => [`drop owned by ${doctor(w)}`, "select * from public.patient"],
  },
  {
    name: "DROP OWNED of one role does not open the fence for another",
    sql: (w) => [
      `set local role ${w.grants.reception.db_role}`,
      `drop owned by ${w.grants.reception.db_role}`,
      `set local role ${doctor(w)}`,
      "select * from public.patient",
    ],
  },
  {
    name: "the owner's settings cannot be altered",
    sql: (w) => [`alter role ${ownerOf(w)} set row_security = off`],
    refused: denied,
  },
  {
    name: "the issuer's password cannot be altered",
    sql: (w) => [`alter role ${w.clinic.logins.issuer.user} password 'x'`],
    refused: denied,
  },
  plain("DO runs as its caller and sees no more", [
    "do $$ declare t text; begin select string_agg(p::text, ' ') into t from public.patient p; raise notice '%', t; end $$",
  ]),
  plain("DO cannot loop over foreign rows with EXECUTE", [
    "do $$ declare r record; begin for r in execute 'select * from public.note' loop raise notice '%', r; end loop; end $$",
  ]),
  plain("a held cursor holds the rows of its maker only", [
    "declare h cursor with hold for select * from public.patient",
    "fetch all from h",
  ]),
  plain(
    "NOTIFY carries what its sender may read",
    ["listen loot", "select pg_notify('loot', full_name) from public.patient"],
    { rows: 5 },
  ),
  plain("advisory locks tell nothing about rows", [
    "select pg_advisory_xact_lock(1)",
    "select * from pg_locks where locktype = 'advisory'",
  ]),
  plain(
    "large objects hold what their maker may read",
    [
      "select lo_from_bytea(0, convert_to(string_agg(p::text, ''), 'UTF8')) from public.patient p",
      "select * from pg_largeobject",
    ],
    { refused: denied },
  ),
  plain("pg_stat_activity shows the text of no other login", "select usename, query from pg_stat_activity", {
    rows: 1000,
  }),
]

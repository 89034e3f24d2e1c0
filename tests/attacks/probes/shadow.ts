import type { Probe } from "../probe.ts"
import type { World } from "../world.ts"

/**
 * Nobody of ours may create anything, anywhere. Suppose that a host gave TEMP or a schema away all the same: the names
 * that the fence uses must then still be its own.
 */
const onDatabase = (what: string): string => `do $$ begin execute format('${what}', current_database()); end $$`

const temp = {
  before: () => onDatabase("grant temporary on database %I to public"),
  after: () => onDatabase("revoke temporary on database %I from public"),
}

const evilSchema = {
  before: () => "create schema evil; grant usage, create on schema evil to public",
  after: () => "drop schema evil cascade",
}

const forged = `k001${"a".repeat(43)}`

const shadows = (schema: string): string[] => [
  `create function ${schema}.loud(what text) returns void language plpgsql as $$ begin raise notice 'shadowed %', what; end $$`,
  `create function ${schema}.tenant(text) returns text language plpgsql as $$ begin perform ${schema}.loud('tenant'); return 'x'; end $$`,
  `create function ${schema}.sha256(bytea) returns bytea language plpgsql as $$ begin raise notice 'shadowed sha256'; return (select digest from wardkeep.token limit 1); end $$`,
  `create function ${schema}.current_setting(text) returns text language plpgsql as $$ begin raise notice 'shadowed current_setting'; return 'x'; end $$`,
  `create function ${schema}.current_setting(text, boolean) returns text language plpgsql as $$ begin raise notice 'shadowed current_setting'; return 'x'; end $$`,
  `create function ${schema}.left(text, integer) returns text language plpgsql as $$ begin raise notice 'shadowed left'; return 'x'; end $$`,
  `create function ${schema}.statement_timestamp() returns timestamptz language plpgsql as $$ begin raise notice 'shadowed statement_timestamp'; return 'infinity'; end $$`,
  `create function ${schema}.always(text, text) returns boolean language plpgsql as $$ begin raise notice 'shadowed ='; return true; end $$`,
  `create function ${schema}.alwaysu(uuid, uuid) returns boolean language plpgsql as $$ begin raise notice 'shadowed = of uuid'; return true; end $$`,
  `create function ${schema}.alwayst(timestamptz, timestamptz) returns boolean language plpgsql as $$ begin raise notice 'shadowed >'; return true; end $$`,
  `create operator ${schema}.= (leftarg = text, rightarg = text, function = ${schema}.always)`,
  `create operator ${schema}.= (leftarg = uuid, rightarg = uuid, function = ${schema}.alwaysu)`,
  `create operator ${schema}.> (leftarg = timestamptz, rightarg = timestamptz, function = ${schema}.alwayst)`,
]

const forgedRow = (w: World): string => {
  const { clinic, branch } = w.clinic.branches[2]
  return `sha256(convert_to('${forged}', 'UTF8')), gen_random_uuid(), '${clinic}', array['${branch}'], null::text, '${w.grants.doctor.db_role}', 'doctor', 'care', 'mallory', now(), now() - interval '1 hour', now() + interval '1 hour'`
}
const columns =
  "digest, session_id, tenant, branches, branch_group, db_role, role, purpose, actor, mfa_at, valid_from, valid_until"

export const shadowProbes: readonly Probe[] = [
  {
    name: "functions and operators of an attacker's schema are never called by the fence",
    arrange: evilSchema,
    sql: () => [
      "set local search_path = evil, public, pg_catalog",
      ...shadows("evil"),
      "select * from public.patient",
      "select * from public.staff",
      "select * from public.note",
    ],
    rows: 5,
    never: /shadowed/,
  },
  {
    name: "functions and operators of an attacker's schema are never called by the readers of the context",
    arrange: evilSchema,
    sql: () => [
      "set local search_path = evil, pg_catalog",
      ...shadows("evil"),
      "select wardkeep.tenant(), wardkeep.branches(), wardkeep.branch(), wardkeep.actor(), wardkeep.purpose(), wardkeep.role_name(), wardkeep.session_id(), wardkeep.mfa_at(), wardkeep.request_id()",
    ],
    never: /shadowed/,
  },
  {
    name: "functions and operators of an attacker's schema are never called by triggers, defaults and keys",
    arrange: evilSchema,
    sql: () => [
      "set local search_path = evil, pg_catalog",
      ...shadows("evil"),
      "insert into public.patient (full_name, phone) values ('Own Name', '12345')",
      "update public.patient set full_name = 'Other Name'",
      "delete from public.note",
    ],
    rows: 6,
    never: /shadowed/,
  },
  {
    name: "a temporary table named like the token table is never read",
    arrange: temp,
    only: "portable",
    sql: (w) => [
      `create temporary table token (${columns}) as select ${forgedRow(w)}`,
      "grant all on token to public",
      `select set_config('wardkeep.token', '${forged}', true)`,
      "select * from public.patient",
    ],
    refused: /^WK102$/,
  },
  {
    name: "a temporary schema named like ours is not ours",
    arrange: temp,
    only: "portable",
    sql: (w) => [
      "set local search_path = pg_temp, public",
      `create temporary table token (${columns}) as select ${forgedRow(w)}`,
      `create temporary table patient as select * from public.patient`,
      "grant all on token to public",
      `select set_config('wardkeep.token', '${forged}', true)`,
      "select wardkeep.actor()",
    ],
    refused: /^WK102$/,
  },
  {
    name: "a temporary type named text does not change what the fence compares",
    arrange: temp,
    sql: () => [
      "create type pg_temp.text as enum ('x')",
      "create type pg_temp.uuid as enum ('x')",
      "set local search_path = pg_temp, public",
      "select * from public.patient",
    ],
    rows: 5,
  },
  {
    name: "a temporary table named like a protected one does not catch what triggers write",
    arrange: temp,
    sql: (w) => [
      "create temporary table patient_word (clinic_id uuid, branch_id uuid, word text, patient_id uuid)",
      "grant all on patient_word to public",
      `update public.patient set full_name = 'Renamed Person' where id = '${w.keys[0].patient}'`,
      "select * from pg_temp.patient_word",
    ],
    rows: 0,
  },
]

import { type Probe, plain } from "../probe.ts"
import type { World } from "../world.ts"

const foreignTenant = (w: World): string => w.clinic.branches[2].clinic
const withHint = (tenant: string): string => `left(current_setting('wardkeep.token', true), 47) || '${tenant}'`
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Changing the context inside or before a statement. */
export const contextProbes: readonly Probe[] = [
  {
    name: "a tenant suffix rewritten in a materialized CTE widens nothing",
    sql: (w) => [
      `with s as materialized (select set_config('wardkeep.token', ${withHint(foreignTenant(w))}, true) as x)
       select p.* from s cross join lateral (select * from public.patient where s.x is not null offset 0) p`,
    ],
  },
  {
    name: "a tenant suffix rewritten before the statement widens nothing",
    sql: (w) => [
      `select set_config('wardkeep.token', ${withHint(foreignTenant(w))}, true)`,
      "select * from public.patient",
    ],
    rows: 5,
  },
  {
    name: "a tenant suffix rewritten before the statement does not open tables of the tenant",
    sql: (w) => [
      `select set_config('wardkeep.token', ${withHint(foreignTenant(w))}, true)`,
      `select 1 from public.staff where clinic_id = '${foreignTenant(w)}'`,
    ],
    rows: 0,
  },
  {
    name: "a foreign branch as narrowing claim is refused",
    only: "portable",
    sql: (w) => [
      `select set_config('wardkeep.branch', '${w.clinic.branches[1].branch}', true)`,
      "select * from public.patient",
    ],
    refused: /^WK105$/,
  },
  {
    name: "a foreign branch as narrowing claim widens nothing",
    sql: (w) => [
      `select p.* from (select set_config('wardkeep.branch', '${w.clinic.branches[1].branch}', true) as x) s
        cross join lateral (select * from public.patient where s.x is not null offset 0) p`,
    ],
  },
  {
    name: "a hint that is SQL stays text",
    sql: () => [
      `select set_config('wardkeep.token', ${withHint(literal("' or true --").slice(1, -1))}, true)`,
      "select * from public.patient",
    ],
    only: "portable",
  },
  {
    name: "a token of zeros is refused",
    sql: (w) => [
      `select set_config('wardkeep.token', 'k001${"0".repeat(43)}${foreignTenant(w)}', true)`,
      "select * from public.patient",
    ],
    only: "portable",
    refused: /^WK102$/,
  },
  plain(
    "an empty token is refused",
    ["select set_config('wardkeep.token', '', true)", "select * from public.patient"],
    { only: "portable", refused: /^WK101$/ },
  ),
  plain(
    "a malformed token is refused",
    ["select set_config('wardkeep.token', 'SELECT', true)", "select * from public.staff"],
    { only: "portable", refused: /^WK112$/ },
  ),
  plain(
    "the privileged parameter cannot be set through pg_settings",
    "update pg_settings set setting = 'x' where name = 'backtrace_functions'",
    {
      refused: /^42501$/,
    },
  ),
  plain(
    "row security switched off through pg_settings is an error",
    ["update pg_settings set setting = 'off' where name = 'row_security'", "select * from public.patient"],
    {
      refused: /^42501$/,
    },
  ),
  plain("the privileged parameter cannot be set", "select set_config('backtrace_functions', 'x', true)", {
    refused: /^42501$/,
  }),
  plain("the privileged parameter cannot be SET", "set local backtrace_functions = 'x'", { refused: /^42501$/ }),
  {
    name: "one SELECT that reads as doctor and answers as reception gets no hidden column",
    as: "reception",
    sql: (w) => [
      `select set_config('role', '${w.grants.doctor.db_role}', true),
              query_to_xml($q$select p.hiv_status from (select set_config('role', '${w.grants.reception.db_role}', true) as x) s
                cross join lateral (select * from public.patient where s.x is not null offset 0) p$q$, true, true, '')`,
    ],
    refused: /^WK107$/,
  },
  {
    name: "a transaction that switches to doctor and back inside the statement gets no hidden column",
    as: "reception",
    sql: (w) => [
      `set local role ${w.grants.doctor.db_role}`,
      `with s as materialized (select set_config('role', '${w.grants.reception.db_role}', true) as x)
       select p.hiv_status from s cross join lateral (select * from public.patient where s.x is not null offset 0) p`,
    ],
    refused: /^WK107$/,
  },
  {
    name: "a transaction that switches to doctor and back inside the statement deletes nothing",
    as: "reception",
    sql: (w) => [
      `set local role ${w.grants.doctor.db_role}`,
      `with s as materialized (select set_config('role', '${w.grants.reception.db_role}', true) as x)
       delete from public.note n using s where s.x is not null`,
    ],
    refused: /^WK107$/,
  },
  {
    name: "a tenant table read as doctor and answered as reception shows nothing",
    as: "reception",
    sql: (w) => [
      `set local role ${w.grants.doctor.db_role}`,
      `with s as materialized (select set_config('role', '${w.grants.reception.db_role}', true) as x)
       select p.* from s cross join lateral (select * from public.staff where s.x is not null offset 0) p`,
    ],
    refused: /^WK107$/,
  },
  {
    name: "a token used under another role is refused",
    as: "reception",
    sql: (w) => [`set local role ${w.grants.doctor.db_role}`, "select hiv_status from public.patient"],
    refused: /^WK107$/,
  },
  {
    name: "a token used under another role is refused when set_config sets the role",
    as: "reception",
    sql: (w) => [`select set_config('role', '${w.grants.doctor.db_role}', true)`, "select * from public.note"],
    refused: /^WK107$/,
  },
  {
    name: "a role switched inside the statement is refused",
    sql: (w) => [
      `select p.* from (select set_config('role', '${w.grants.reception.db_role}', true) as x) s
        cross join lateral (select * from public.patient where s.x is not null offset 0) p`,
    ],
    refused: /^WK107$/,
  },
  {
    name: "two tokens in one statement do not add the columns of one role to the branches of another",
    as: "reception",
    only: "portable",
    sql: (w) => [
      `set local role ${w.grants.neighbour.db_role}`,
      `select set_config('wardkeep.token', '${w.grants.neighbour.token}${w.grants.neighbour.tenant}', true)`,
      `with s as materialized (select set_config('role', '${w.grants.reception.db_role}', true) as x,
                 set_config('wardkeep.token', '${w.grants.reception.token}${w.grants.reception.tenant}', true) as y)
       select p.hiv_status from s cross join lateral (select * from public.patient where s.x is not null and s.y is not null offset 0) p`,
    ],
    refused: /^WK107$/,
  },
  {
    name: "a lazily evaluated sub-select cannot change the context behind the fence",
    sql: (w) => [
      `select case when (select set_config('wardkeep.token', ${withHint(foreignTenant(w))}, true)) is not null
                   then (select string_agg(p::text, ' ') from public.patient p) end`,
    ],
  },
  {
    name: "query_to_xml sees no more than its caller",
    sql: (w) => [
      `select set_config('wardkeep.token', ${withHint(foreignTenant(w))}, true),
              query_to_xml('select * from public.patient', true, true, '')`,
    ],
  },
  plain("table_to_xml sees no more than its caller", "select table_to_xml('public.patient', true, true, '')"),
  plain("schema_to_xml sees no more than its caller", "select schema_to_xml('public', true, true, '')"),
  plain("database_to_xml sees no more than its caller", "select database_to_xml(true, true, '')"),
  plain("cursor_to_xml sees no more than its caller", [
    "declare c cursor for select * from public.patient",
    "select cursor_to_xml('c', 1000, true, true, '')",
  ]),
  plain(
    "ts_stat sees no more than its caller",
    "select * from ts_stat('select to_tsvector(full_name) from public.patient')",
    {
      rows: 100,
    },
  ),
  {
    name: "a savepoint rolled back to brings no older context back",
    sql: (w) => [
      "savepoint older",
      `set local role ${w.grants.reception.db_role}`,
      "rollback to older",
      "select * from public.patient",
    ],
  },
  plain("RESET of the role ends in a permission error", ["reset role", "select * from public.patient"], {
    refused: /^42501$/,
  }),
  plain("SET ROLE NONE ends in a permission error", ["set local role none", "select * from public.patient"], {
    refused: /^42501$/,
  }),
  plain("RESET ALL keeps no context and opens nothing", ["reset all", "select * from public.patient"], {
    refused: /^WK101$|^42501$/,
  }),
  plain("RESET of the token leaves no context", ["reset wardkeep.token", "select * from public.patient"], {
    only: "portable",
    refused: /^WK101$/,
  }),
  plain("DISCARD ALL is refused inside a transaction", "discard all", { refused: /^25001$/ }),
  {
    name: "SET SESSION AUTHORIZATION of the owner is refused",
    sql: (w) => [`set session authorization ${ownerOf(w)}`],
    refused: /^42501$/,
  },
  { name: "SET ROLE owner is refused", sql: (w) => [`set role ${ownerOf(w)}`], refused: /^42501$/ },
  {
    name: "SET ROLE migrator is refused",
    sql: (w) => [`set role ${w.clinic.logins.migrator.user}`],
    refused: /^42501$/,
  },
  { name: "SET ROLE issuer is refused", sql: (w) => [`set role ${w.clinic.logins.issuer.user}`], refused: /^42501$/ },
  plain("SET ROLE to the superuser is refused", "select set_config('role', 'postgres', true)", {
    refused: /^42501$|^22023$/,
  }),
  plain(
    "row_security off is an error, not a wider view",
    ["set local row_security = off", "select * from public.patient"],
    {
      refused: /^42501$/,
    },
  ),
  plain("session_replication_role cannot be set", "set session_replication_role = replica", { refused: /^42501$/ }),
  plain("a read-only transaction opens nothing", ["set transaction_read_only = on", "select * from public.patient"]),
  {
    name: "a parallel plan keeps the fence",
    sql: () => [
      "select set_config('debug_parallel_query', 'on', true) where current_setting('server_version_num')::int >= 160000",
      "select set_config('force_parallel_mode', 'on', true) where current_setting('server_version_num')::int < 160000",
      "set local parallel_setup_cost = 0",
      "set local parallel_tuple_cost = 0",
      "set local min_parallel_table_scan_size = 0",
      "select count(*), string_agg(full_name, ' ') from public.patient",
    ],
  },
  {
    name: "a generic plan made for one role is not used for another",
    sql: (w) => [
      "set local plan_cache_mode = force_generic_plan",
      "prepare wk_attack as select hiv_status from public.patient",
      "execute wk_attack",
      `set local role ${w.grants.reception.db_role}`,
      "execute wk_attack",
    ],
    refused: /^42501$|^WK107$/,
  },
  {
    name: "a generic plan does not keep the context it was made in",
    only: "portable",
    sql: (w) => [
      "set local plan_cache_mode = force_generic_plan",
      "prepare wk_attack2 as select count(*) from public.patient",
      "execute wk_attack2",
      `select set_config('wardkeep.token', 'k001${"0".repeat(43)}${w.grants.doctor.tenant}', true)`,
      "execute wk_attack2",
    ],
    refused: /^WK102$/,
  },
  plain("without a context the login reads nothing", "select * from public.patient", {
    as: "nobody",
    refused: /^42501$/,
  }),
  {
    name: "a role without a token reads nothing",
    as: "nobody",
    sql: (w) => [`set local role ${w.grants.doctor.db_role}`, "select * from public.patient"],
    refused: /^WK101$/,
  },
  {
    name: "a start packet with role=owner is refused",
    as: "nobody",
    startup: (w) => `-c role=${ownerOf(w)}`,
    sql: () => ["select * from public.patient"],
    refused: /./,
  },
  plain("a start packet with session_replication_role is refused", "select * from public.patient", {
    as: "nobody",
    startup: () => "-c session_replication_role=replica",
    refused: /^42501$/,
  }),
  {
    name: "a start packet with a role and a forged token is refused",
    as: "nobody",
    startup: (w) =>
      `-c role=${w.grants.doctor.db_role} -c wardkeep.token=k001${"0".repeat(43)}${w.clinic.branches[2].clinic}`,
    sql: () => ["select * from public.patient"],
    refused: /^WK10[12]$/,
  },
  plain("a start packet with row_security=off is an error", "select * from public.patient", {
    startup: () => "-c row_security=on",
    rows: 5,
  }),
  plain("a start packet with the privileged parameter is refused", "select * from public.patient", {
    as: "nobody",
    startup: () => "-c backtrace_functions=x",
    refused: /^42501$/,
  }),
]

export function ownerOf(world: World): string {
  return world.clinic.logins.app.user.replace(/app$/, "owner")
}

import { entering, type Probe, plain } from "../probe.ts"
import type { World } from "../world.ts"

const foreignTenant = (w: World): string => w.clinic.branches[2].clinic
const appended = (text: string): string => `current_setting('wardkeep.token', true) || '${text}'`

/** Changing the context: the second half of the list in context.ts. */
export const laterContextProbes: readonly Probe[] = [
  {
    name: "two tokens in one statement do not add the columns of one role to the branches of another",
    as: "reception",
    only: "portable",
    sql: (w) => [
      `set local role ${w.grants.neighbour.db_role}`,
      `select set_config('wardkeep.token', '${w.grants.neighbour.token}', true)`,
      `with s as materialized (select set_config('role', '${w.grants.reception.db_role}', true) as x,
                 set_config('wardkeep.token', '${w.grants.reception.token}', true) as y)
       select p.hiv_status from s cross join lateral (select * from public.patient where s.x is not null and s.y is not null offset 0) p`,
    ],
    refused: /^WK107$/,
  },
  {
    name: "a lazily evaluated sub-select cannot change the context behind the fence",
    sql: (w) => [
      `select case when (select set_config('wardkeep.token', ${appended(foreignTenant(w))}, true)) is not null
                   then (select string_agg(p::text, ' ') from public.patient p) end`,
    ],
  },
  {
    name: "query_to_xml sees no more than its caller",
    sql: (w) => [
      `select set_config('wardkeep.token', ${appended(foreignTenant(w))}, true),
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
    name: "a savepoint rolled back to keeps nothing of the context that was entered after it",
    sql: (w) => ["savepoint older", ...entering(w, "foreigner"), "rollback to older", "select * from public.patient"],
  },
  {
    name: "a savepoint from before any context brings back that there was none",
    as: "nobody",
    sql: (w) => ["savepoint none", ...entering(w, "doctor"), "rollback to none", "select * from public.patient"],
    refused: /^42501$/,
  },
  {
    name: "a role taken before the savepoint reads nothing when its token came after it",
    as: "nobody",
    sql: (w) => [
      `set local role ${w.grants.doctor.db_role}`,
      "savepoint before",
      ...entering(w, "doctor"),
      "rollback to before",
      "select * from public.patient",
    ],
    refused: /^WK101$/,
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
    sql: () => [
      "set local plan_cache_mode = force_generic_plan",
      "prepare wk_attack2 as select count(*) from public.patient",
      "execute wk_attack2",
      `select set_config('wardkeep.token', 'k001${"0".repeat(43)}', true)`,
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
    startup: (w) => `-c role=${w.grants.doctor.db_role} -c wardkeep.token=k001${"0".repeat(43)}`,
    sql: () => ["select * from public.patient"],
    refused: /^WK10[12]$/,
  },
  {
    name: "a start packet with row_security=off is an error, not a wider view",
    as: "nobody",
    startup: () => "-c row_security=off",
    sql: (w) => [...entering(w, "doctor"), "select * from public.patient"],
    refused: /^42501$/,
  },
  plain("a start packet with the privileged parameter is refused", "select * from public.patient", {
    as: "nobody",
    startup: () => "-c backtrace_functions=x",
    refused: /^42501$/,
  }),
]

export function ownerOf(world: World): string {
  return world.clinic.logins.app.user.replace(/app$/, "owner")
}

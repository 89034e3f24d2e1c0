import { type Probe, plain } from "../probe.ts"
import type { World } from "../world.ts"
import { laterContextProbes } from "./context-statements.ts"

const foreignTenant = (w: World): string => w.clinic.branches[2].clinic
const appended = (text: string): string => `current_setting('wardkeep.token', true) || '${text}'`
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Changing the context inside or before a statement. */
export const contextProbes: readonly Probe[] = [
  {
    name: "a tenant appended to the token in a materialized CTE widens nothing",
    sql: (w) => [
      `with s as materialized (select set_config('wardkeep.token', ${appended(foreignTenant(w))}, true) as x)
       select p.* from s cross join lateral (select * from public.patient where s.x is not null offset 0) p`,
    ],
  },
  {
    name: "a tenant appended to the token before the statement widens nothing",
    sql: (w) => [
      `select set_config('wardkeep.token', ${appended(foreignTenant(w))}, true)`,
      "select * from public.patient",
    ],
    rows: 5,
  },
  {
    name: "a tenant appended to the token before the statement does not open tables of the tenant",
    sql: (w) => [
      `select set_config('wardkeep.token', ${appended(foreignTenant(w))}, true)`,
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
    name: "SQL appended to the token stays text",
    sql: () => [
      `select set_config('wardkeep.token', ${appended(literal("' or true --").slice(1, -1))}, true)`,
      "select * from public.patient",
    ],
    only: "portable",
  },
  {
    name: "a token of zeros is refused",
    sql: () => [`select set_config('wardkeep.token', 'k001${"0".repeat(43)}', true)`, "select * from public.patient"],
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
  plain(
    "the privileged parameter cannot be set before a role is taken",
    "select set_config('backtrace_functions', 'x', true)",
    { as: "nobody", refused: /^42501$/ },
  ),
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
    name: "a token used under another role does not open a table of the tenant",
    as: "reception",
    sql: (w) => [`set local role ${w.grants.doctor.db_role}`, "select * from public.staff"],
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
  ...laterContextProbes,
]

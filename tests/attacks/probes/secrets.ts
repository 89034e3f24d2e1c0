import { type Probe, plain } from "../probe.ts"

const denied = /^42501$/
const tables = [
  "signing_key",
  "used_nonce",
  "session",
  "token",
  "policy_actor",
  "policy_state",
  "policy_rule",
  "assignment",
  "narrowing",
  "break_glass",
  "support",
  "known_tenant",
  "known_branch",
  "branch_group",
  "activity",
  "migrations",
] // prettier-ignore

const calls: readonly [string, string][] = [
  ["verified()", "verified()"],
  ["mint(…)", "mint('k001', null)"],
  ["assigned", "assigned('asha', 'x', 'doctor')"],
  ["write_assignment", `write_assignment('x', 'x', 'doctor', '"all"', null, null, null, 'x', 'x', 'x')`],
  ["assign_as_owner", `assign_as_owner('x', 'x', 'doctor', '"all"', null, null, null, 'x')`],
  ["revoke_one", "revoke_one(gen_random_uuid(), 'x', 'x')"],
  ["refold", "refold('x', 'x', 'x')"],
  ["offboard", "offboard('{}', 'k001', '\\x00')"],
  ["open_break_glass", "open_break_glass('{}', 'k001', '\\x00')"],
  ["declare_support", "declare_support('{}', 'k001', '\\x00')"],
  ["open_support", "open_support('{}', 'k001', '\\x00')"],
  ["issue_session", "issue_session('{}', 'k001', '\\x00')"],
  ["issue_service", "issue_service('{}', 'k001', '\\x00')"],
  ["reopen_session", "reopen_session('{}', 'k001', '\\x00')"],
  ["authentic_request", "authentic_request('{}', 'k001', '\\x00', 'session')"],
  ["add_key", "add_key('evil', '\\x00')"],
  ["retire_key", "retire_key('k001', true)"],
  ["end_session", "end_session(gen_random_uuid(), 'x')"],
  ["end_actor", "end_actor('asha', 'x')"],
  ["list_sessions", "list_sessions('asha')"],
  ["list_tenants", "list_tenants()"],
  ["open_backfill", "open_backfill('x', 'x')"],
  ["close_backfill", "close_backfill('x')"],
  ["record", "record('x', 'x', '{}')"],
  ["resolve_branches", `resolve_branches('x', '"all"')`],
  ["set_branch_group", "set_branch_group('x', 'x', array['x'])"],
  ["pad", "pad('\\x00', 1)"],
]

/** Keys, tokens, sessions and the functions that mint them. */
export const secretProbes: readonly Probe[] = [
  ...tables.flatMap((table): Probe[] => [
    plain(`wardkeep.${table} cannot be read in a context`, `select * from wardkeep.${table}`, { refused: denied }),
    plain(`wardkeep.${table} cannot be read by the bare login`, `select * from wardkeep.${table}`, {
      as: "nobody",
      refused: denied,
    }),
    plain(`wardkeep.${table} cannot be written`, `delete from wardkeep.${table}`, { refused: denied }),
  ]),
  ...calls.flatMap(([name, call]): Probe[] => [
    plain(`${name} cannot be called in a context`, `select * from wardkeep.${call}`, { refused: denied }),
    plain(`${name} cannot be called by the bare login`, `select * from wardkeep.${call}`, {
      as: "nobody",
      refused: denied,
    }),
  ]),
  plain("a look-up cannot be called by a matrix role", "select * from wardkeep_lookup.staff_by_email('x')", {
    refused: denied,
  }),
  plain("the rows of a look-up cannot be read", "select * from wardkeep_lookup.staff_by_email_row", {
    as: "nobody",
    refused: denied,
  }),
  plain("a look-up does not take a pattern", "select * from wardkeep_lookup.staff_by_email('%')", {
    as: "nobody",
    rows: 0,
  }),
  plain("a look-up takes no SQL", "select * from wardkeep_lookup.staff_by_email($$' or true --$$)", {
    as: "nobody",
    rows: 0,
  }),
  {
    name: "a look-up returns the named columns of one row",
    as: "nobody",
    sql: (w) => [`select * from wardkeep_lookup.staff_by_email('staff@${w.clinic.branches[2].clinic}.example')`],
    rows: 1,
  },
  plain(
    "a look-up is refused where it could not be recorded",
    ["set transaction read only", "select * from wardkeep_lookup.staff_by_email('x')"],
    {
      as: "nobody",
      refused: /^25006$/,
    },
  ),
  {
    name: "enter cannot be called by a role",
    only: "accelerated",
    sql: (w) => [`select wardkeep.enter('${w.grants.foreigner.token}', '')`],
    refused: denied,
  },
  plain("enter refuses a token of zeros", `select wardkeep.enter('k001${"0".repeat(43)}', '')`, {
    only: "accelerated",
    as: "nobody",
    refused: /^WK102$/,
  }),
  {
    name: "enter refuses a branch that the token does not hold",
    only: "accelerated",
    as: "nobody",
    sql: (w) => [`select wardkeep.enter('${w.grants.doctor.token}', '${w.clinic.branches[1].branch}')`],
    refused: /^WK105$/,
  },
]

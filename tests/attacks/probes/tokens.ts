import type { Probe } from "../probe.ts"
import type { World } from "../world.ts"

const byToken = (w: World, column: string, value: string): string =>
  `update wardkeep.token set ${column} = ${value} where digest = sha256(convert_to('${w.grants.neighbour.token}', 'UTF8'))`

const spend = (w: World): string[] => [
  `set local role ${w.grants.neighbour.db_role}`,
  w.strategy === "portable" ? `select set_config('wardkeep.token', '${w.grants.neighbour.token}', true)` : "select 1",
  "select * from public.patient",
]

/** Tokens that are no longer, or not yet, worth anything; arranged in the rows themselves. */
export const tokenProbes: readonly Probe[] = [
  {
    name: "an expired token is refused",
    as: "nobody",
    only: "portable",
    arrange: {
      before: (w) => byToken(w, "valid_until", "now() - interval '1 millisecond'"),
      after: (w) => byToken(w, "valid_until", "now() + interval '1 hour'"),
    },
    sql: spend,
    refused: /^WK102$/,
  },
  {
    name: "a token that is not valid yet is refused",
    as: "nobody",
    only: "portable",
    arrange: {
      before: (w) => byToken(w, "valid_from", "now() + interval '1 minute'"),
      after: (w) => byToken(w, "valid_from", "now() - interval '1 minute'"),
    },
    sql: spend,
    refused: /^WK102$/,
  },
  {
    name: "an expired token is refused by enter",
    as: "nobody",
    only: "accelerated",
    arrange: {
      before: (w) => byToken(w, "valid_until", "now() - interval '1 millisecond'"),
      after: (w) => byToken(w, "valid_until", "now() + interval '1 hour'"),
    },
    sql: (w) => [`select wardkeep.enter('${w.grants.neighbour.token}', '')`],
    refused: /^WK102$/,
  },
  {
    name: "a token that is not valid yet is refused by enter",
    as: "nobody",
    only: "accelerated",
    arrange: {
      before: (w) => byToken(w, "valid_from", "now() + interval '1 minute'"),
      after: (w) => byToken(w, "valid_from", "now() - interval '1 minute'"),
    },
    sql: (w) => [`select wardkeep.enter('${w.grants.neighbour.token}', '')`],
    refused: /^WK102$/,
  },
  {
    name: "a token that nobody has is refused by enter",
    as: "nobody",
    only: "accelerated",
    sql: () => [`select wardkeep.enter('k001${"0".repeat(43)}', '')`],
    refused: /^WK102$/,
  },
  {
    name: "a foreign branch as narrowing claim is refused by enter",
    as: "nobody",
    only: "accelerated",
    sql: (w) => [
      `select set_config('role', wardkeep.enter('${w.grants.doctor.token}', '${w.clinic.branches[1].branch}'), true)`,
      "select * from public.patient",
    ],
    refused: /^WK105$/,
  },
  {
    name: "a context does not outlive its transaction",
    as: "nobody",
    only: "accelerated",
    sql: (w) => [
      `select wardkeep.enter('${w.grants.neighbour.token}', '')`,
      "commit",
      "begin",
      `set local role ${w.grants.neighbour.db_role}`,
      "select * from public.patient",
    ],
    refused: /^WK101$/,
  },
  {
    name: "a token whose branches were taken from it is refused or empty",
    as: "nobody",
    only: "portable",
    arrange: {
      before: (w) => byToken(w, "db_role", "'nobody'"),
      after: (w) => byToken(w, "db_role", `'${w.grants.neighbour.db_role}'`),
    },
    sql: spend,
    refused: /^WK107$/,
  },
]

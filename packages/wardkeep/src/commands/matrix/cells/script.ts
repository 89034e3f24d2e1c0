import { type Policy, quoteIdent, quoteLiteral, roleNames } from "@wardkeep/core"
import type { Strategy } from "@wardkeep/postgres/migrate"
import { type Attempt, nameOf, type Planned, type Standing, standingKey } from "./attempts.js"
import { type Places, reason } from "./places.js"
import { databaseRole } from "./tokens.js"

/** Attempts as a psql script. Names stand in it as texts, never as SQL. */
export function script(policy: Policy, places: Places, planned: readonly Planned[], strategy: Strategy): string {
  const tokens = new Map<string, { readonly name: string; readonly standing: Standing }>()
  const attempts = planned.filter((one): one is Attempt => "standing" in one && one.plain !== null)
  for (const { standing } of attempts) {
    const key = standingKey(standing)
    if (!tokens.has(key)) tokens.set(key, { name: `t${tokens.size + 1}`, standing })
  }
  const untried = planned.filter((one) => !("standing" in one) || one.plain === null)
  const owner = quoteIdent(roleNames(policy).owner)
  return `${[
    ...head,
    "\\connect :migrator",
    `set role ${owner};`,
    "begin;",
    `select wardkeep.record('matrix_tests', ${quoteLiteral(places.tenant)}, jsonb_build_object('tokens', ${tokens.size}));`,
    ...session("person"),
    ...session("service"),
    ...[...tokens.values()].flatMap(({ name, standing }) => minted(policy, places, name, standing)),
    "commit;",
    "\\connect :app",
    "select '0' as failed \\gset",
    ...attempts.flatMap((one) => tried(one, tokens.get(standingKey(one.standing))?.name ?? "", policy, strategy)),
    ...untried.map((one) => `\\echo ${quoteLiteral(`INCONCLUSIVE ${nameOf(one)}`)}`),
    "\\connect :migrator",
    `set role ${owner};`,
    "delete from wardkeep.token where session_id in (:'person', :'service');",
    "update wardkeep.session set ended_at = clock_timestamp(), end_reason = 'the tests are over' where id in (:'person', :'service');",
    `\\echo ${attempts.length} tried, :failed did not pass, ${untried.length} could not be tried`,
    "select :failed > 0 as any_failed \\gset",
    "\\if :any_failed",
    "do $$ begin raise exception 'the matrix does not hold'; end $$;",
    "\\endif",
  ].join("\n")}\n`
}

const head = [
  "-- Made by `wardkeep matrix tests --emit sql`. It holds keys of rows: treat it as you treat the data.",
  "-- psql -X -q $WARDKEEP_MIGRATOR_URL -v migrator=$WARDKEEP_MIGRATOR_URL -v app=$WARDKEEP_APP_URL -f matrix.sql",
  "\\set ON_ERROR_STOP on",
  "\\pset format unaligned",
  "\\pset tuples_only on",
  "\\o /dev/null",
]

function session(kind: "person" | "service"): string[] {
  return [
    `insert into wardkeep.session (kind, actor, label, valid_until) values ('${kind}', 'wardkeep:' || session_user, ${quoteLiteral(reason)}, now() + interval '15 minutes') returning id as ${kind} \\gset`,
  ]
}

function minted(policy: Policy, { tenant, branch }: Places, name: string, standing: Standing): string[] {
  const { actor, person, purpose, mfaAge, only } = standing
  const subjects = only === null ? "null::text[]" : `array[${only.map(quoteLiteral).join(", ")}]`
  const pairs = [
    `'session_id', :'${actor.kind === "role" ? "person" : "service"}'`,
    `'tenant', ${quoteLiteral(tenant)}`,
    `'branches', array[${quoteLiteral(branch)}]`,
    `'db_role', ${quoteLiteral(databaseRole(policy, actor))}`,
    `'role', ${quoteLiteral(actor.name)}`,
    `'purpose', ${quoteLiteral(purpose)}`,
    `'actor', ${quoteLiteral(person)}`,
    `'mfa_at', now() - make_interval(secs => ${mfaAge})`,
    "'valid_from', now()",
    "'valid_until', now() + interval '15 minutes'",
    `'subjects', ${subjects}`,
  ]
  return [
    `select coalesce(wardkeep.mint(null, jsonb_populate_record(null::wardkeep.token, jsonb_build_object(${pairs.join(", ")}))), '') as ${name} \\gset`,
  ]
}

/** One attempt: what it does is caught inside, judged, and rolled back. */
function tried(attempt: Attempt, token: string, policy: Policy, strategy: Strategy): string[] {
  const { plain, probe, expected, action, standing } = attempt
  const role = quoteLiteral(databaseRole(policy, standing.actor))
  const enter =
    strategy === "accelerated"
      ? `select set_config('role', wardkeep.enter(:'${token}', ''), true);`
      : `select set_config('role', ${role}, true), set_config('wardkeep.token', :'${token}', true);`
  const constraint =
    action === "read"
      ? ""
      : "\nwhen integrity_constraint_violation then perform set_config('matrix.seen', 'allowed', true);"
  return [
    "begin;",
    enter,
    `do $wk$ declare reached bigint; begin
  execute ${quoteLiteral(plain ?? "")};
  get diagnostics reached = row_count;
  perform set_config('matrix.seen', case when ${probe} or reached > 0 then 'allowed' else 'refused' end, true);
exception when insufficient_privilege or sqlstate 'WK204' or sqlstate 'WK205' then perform set_config('matrix.seen', 'refused', true);${constraint}
end $wk$;`,
    `select current_setting('matrix.seen') = '${expected}' as passed, case when current_setting('matrix.seen') = '${expected}' then 'PASSED' else 'FAILED' end as verdict \\gset`,
    "rollback;",
    `select :failed + (not :'passed'::boolean)::int as failed \\gset`,
    `\\echo :verdict ${quoteLiteral(nameOf(attempt))}`,
  ]
}

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
  // What the matrix alone refuses is nothing for psql.
  const untried = planned.filter((one) => "untried" in one || ("standing" in one && one.plain === null))
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
    `select '0' as failed, '${untried.length}' as open \\gset`,
    ...attempts.flatMap((one) => tried(one, tokens.get(standingKey(one.standing))?.name ?? "", policy, strategy)),
    ...untried.map((one) => `\\echo ${quoteLiteral(`INCONCLUSIVE ${nameOf(one)}`)}`),
    "\\connect :migrator",
    `set role ${owner};`,
    "delete from wardkeep.token where session_id in (:'person', :'service');",
    "update wardkeep.session set ended_at = clock_timestamp(), end_reason = 'the tests are over' where id in (:'person', :'service');",
    `\\echo ${attempts.length + untried.length} attempts: :failed did not pass, :open could not be tried`,
    "select :failed > 0 as any_failed \\gset",
    "\\if :any_failed",
    "do $$ begin raise exception 'the matrix does not hold'; end $$;",
    "\\endif",
  ].join("\n")}\n`
}

const head = [
  "-- Made by `wardkeep matrix tests --emit sql`. It holds keys of rows: treat it as you treat the data.",
  "-- Ended before its end, it leaves tokens that nobody knows and that end by themselves after 15 minutes.",
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
  const { expected, standing } = attempt
  const role = quoteLiteral(databaseRole(policy, standing.actor))
  const enter =
    strategy === "accelerated"
      ? `select set_config('role', wardkeep.enter(:'${token}', ''), true);`
      : `select set_config('role', ${role}, true), set_config('wardkeep.token', :'${token}', true);`
  return [
    // Without a token: the clinic took the role or its purpose away.
    "select 'INCONCLUSIVE' as verdict \\gset",
    `select :'${token}' <> '' as there \\gset`,
    "\\if :there",
    "begin;",
    "select set_config('statement_timeout', '10s', true), set_config('lock_timeout', '3s', true), set_config('datestyle', 'ISO', true);",
    enter,
    `do ${quoteLiteral(body(attempt))};`,
    `select case current_setting('matrix.seen') when '${expected}' then 'PASSED' when 'unclear' then 'INCONCLUSIVE' else 'FAILED' end as verdict \\gset`,
    "rollback;",
    "\\endif",
    "select :failed + (:'verdict' = 'FAILED')::int as failed, :open + (:'verdict' = 'INCONCLUSIVE')::int as open \\gset",
    `\\echo :verdict ${quoteLiteral(nameOf(attempt))}`,
  ]
}

/** Policies are asked before constraints. What a trigger raised in their name says nothing: its own lines come first. */
function body({ plain, probe, action }: Attempt): string {
  const text = quoteLiteral(plain ?? "")
  const seen = (what: string): string => `perform set_config('matrix.seen', ${what}, true);`
  const constraint = `when integrity_constraint_violation then
  get stacked diagnostics violated = table_name, context = pg_exception_context;
  ${seen(`case when violated <> '' and strpos(context, ${text}) between 1 and 40 then 'allowed' else 'unclear' end`)}`
  return `declare reached bigint; violated text; context text; begin
  execute ${text};
  get diagnostics reached = row_count;
  ${seen(`case when ${probe} or reached > 0 then 'allowed' else 'refused' end`)}
exception
when insufficient_privilege or sqlstate 'WK204' or sqlstate 'WK205' then ${seen("'refused'")}
${action === "read" ? "" : constraint}
when query_canceled or assert_failure or others then ${seen("'unclear'")}
end`
}

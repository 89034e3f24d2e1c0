import { type Policy, quoteLiteral } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { databaseRole } from "./actors.js"
import { issuingStopped, type Recorded, type TokenLoss } from "./open-sessions.js"
import type { Step } from "./step.js"

interface ActorRow {
  readonly kind: string
  readonly name: string
  readonly db_role: string
  readonly purposes: readonly string[]
  readonly mfa_seconds: number | null
  readonly must_expire: boolean
  readonly may_grant: readonly string[]
  readonly confined: boolean
  readonly counts_as: readonly string[]
  readonly combines: readonly string[]
}

/** The roles and services as the issuing functions see them. */
export async function recordActors(client: Queryable, policy: Policy): Promise<Recorded> {
  const { rows } = await client.query<ActorRow>(
    "select kind, name, db_role, purposes, mfa_seconds, must_expire, may_grant, confined, counts_as, combines from wardkeep.policy_actor",
  )
  const present = new Map(rows.map((row) => [`${row.kind} ${row.name}`, row]))
  const steps: Step[] = []
  const lost: TokenLoss[] = []
  for (const actor of policy.actors) {
    const row: ActorRow = {
      kind: actor.kind,
      name: actor.name,
      db_role: databaseRole(policy, actor),
      purposes: actor.purposes,
      mfa_seconds: actor.mfaSeconds,
      must_expire: actor.mustExpire,
      may_grant: actor.mayGrant,
      confined: actor.confined,
      counts_as: actor.countsAs,
      combines: actor.combines,
    }
    const id = `${row.kind} ${row.name}`
    const before = present.get(id)
    present.delete(id)
    if (sameRow(before, row)) continue
    steps.push({ phase: "record", object: id, why: "known to the issuing functions", sql: upsert(row) })
    lost.push(...lostBy(row, before))
  }
  for (const row of present.values()) {
    lost.push({ of: `t.db_role = ${quoteLiteral(row.db_role)}` })
    steps.push({
      phase: "narrow",
      object: `${row.kind} ${row.name}`,
      why: "no longer in the policy file",
      sql: `${issuingStopped};\ndelete from wardkeep.policy_actor where kind = ${quoteLiteral(row.kind)} and name = ${quoteLiteral(row.name)}`,
    })
  }
  return { steps, lost }
}

/** What new sessions of this role or service would not get, and those that are open may have. */
function lostBy(row: ActorRow, before: ActorRow | undefined): TokenLoss[] {
  const role = `t.db_role = ${quoteLiteral(row.db_role)}`
  const lost = [
    // Where a role is no longer confined, the subjects of its tokens are no limit any more.
    { of: `${role} and (t.purpose <> all (${array(row.purposes)}) or (t.subjects is null) = ${row.confined})` },
  ]
  if (before === undefined) return lost
  // No token says whether its assignment had an end; what tenants took from a role it newly combines, no token knows.
  const gained = row.combines.some((role) => !before.combines.includes(role))
  if (gained || (row.must_expire && !before.must_expire)) return [...lost, { of: role }]
  if (row.mfa_seconds === null || (before.mfa_seconds !== null && before.mfa_seconds <= row.mfa_seconds)) return lost
  const age = `make_interval(secs => ${row.mfa_seconds})`
  return [
    ...lost,
    { of: `${role} and coalesce(t.mfa_at < clock_timestamp() - ${age}, true)` },
    // Emergencies and referrals ask for the second factor when they are opened, and last as long as was declared.
    { of: `${role} and coalesce(t.break_glass, t.referral) is null`, until: `t.mfa_at + ${age}` },
  ]
}

function sameRow(present: ActorRow | undefined, wanted: ActorRow): boolean {
  return (
    present !== undefined &&
    present.db_role === wanted.db_role &&
    present.mfa_seconds === wanted.mfa_seconds &&
    present.must_expire === wanted.must_expire &&
    present.confined === wanted.confined &&
    (["purposes", "may_grant", "counts_as", "combines"] as const).every(
      (list) => present[list].join("\n") === wanted[list].join("\n"),
    )
  )
}

function upsert(row: ActorRow): string {
  const values = [
    quoteLiteral(row.kind),
    quoteLiteral(row.name),
    quoteLiteral(row.db_role),
    array(row.purposes),
    row.mfa_seconds ?? "null",
    row.must_expire,
    array(row.may_grant),
    row.confined,
    array(row.counts_as),
    array(row.combines),
  ]
  return `${issuingStopped};
insert into wardkeep.policy_actor (kind, name, db_role, purposes, mfa_seconds, must_expire, may_grant, confined, counts_as, combines) values (${values.join(", ")})
  on conflict (kind, name) do update set db_role = excluded.db_role, purposes = excluded.purposes, mfa_seconds = excluded.mfa_seconds, must_expire = excluded.must_expire,
    may_grant = excluded.may_grant, confined = excluded.confined, counts_as = excluded.counts_as, combines = excluded.combines`
}

function array(values: readonly string[]): string {
  return `array[${values.map(quoteLiteral).join(", ")}]::text[]`
}

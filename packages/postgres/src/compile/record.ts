import { type Policy, quoteLiteral } from "@wardkeep/core"
import type { Queryable } from "../maintenance/queryable.js"
import { databaseRole } from "./actors.js"
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
}

/** Leads every step that changes what may be issued: no session of the rules before comes behind their end. */
export const issuingStopped = "select wardkeep.policy_alone()"

/** The roles and services as the issuing functions see them. */
export async function actorRecordSteps(client: Queryable, policy: Policy): Promise<Step[]> {
  const { rows } = await client.query<ActorRow>(
    "select kind, name, db_role, purposes, mfa_seconds, must_expire, may_grant, confined, counts_as from wardkeep.policy_actor",
  )
  const present = new Map(rows.map((row) => [`${row.kind} ${row.name}`, row]))
  const steps: Step[] = []
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
    }
    const id = `${row.kind} ${row.name}`
    if (sameRow(present.get(id), row)) present.delete(id)
    else {
      present.delete(id)
      steps.push({ phase: "record", object: id, why: "known to the issuing functions", sql: upsert(row) })
    }
  }
  for (const row of present.values()) {
    steps.push({
      phase: "narrow",
      object: `${row.kind} ${row.name}`,
      why: "no longer in the policy file; its open sessions lose it now",
      sql: `${issuingStopped};\ndelete from wardkeep.token where db_role = ${quoteLiteral(row.db_role)};\ndelete from wardkeep.policy_actor where kind = ${quoteLiteral(row.kind)} and name = ${quoteLiteral(row.name)}`,
    })
  }
  return steps
}

function sameRow(present: ActorRow | undefined, wanted: ActorRow): boolean {
  return (
    present !== undefined &&
    present.db_role === wanted.db_role &&
    present.mfa_seconds === wanted.mfa_seconds &&
    present.must_expire === wanted.must_expire &&
    present.confined === wanted.confined &&
    (["purposes", "may_grant", "counts_as"] as const).every(
      (list) => present[list].join("\n") === wanted[list].join("\n"),
    )
  )
}

function upsert(row: ActorRow): string {
  const purposes = array(row.purposes)
  const values = [
    quoteLiteral(row.kind),
    quoteLiteral(row.name),
    quoteLiteral(row.db_role),
    purposes,
    row.mfa_seconds ?? "null",
    row.must_expire,
    array(row.may_grant),
    row.confined,
    array(row.counts_as),
  ]
  // A purpose taken away is taken away from open sessions too.
  return `${issuingStopped};
insert into wardkeep.policy_actor (kind, name, db_role, purposes, mfa_seconds, must_expire, may_grant, confined, counts_as) values (${values.join(", ")})
  on conflict (kind, name) do update set db_role = excluded.db_role, purposes = excluded.purposes, mfa_seconds = excluded.mfa_seconds, must_expire = excluded.must_expire,
    may_grant = excluded.may_grant, confined = excluded.confined, counts_as = excluded.counts_as;
delete from wardkeep.token where db_role = ${quoteLiteral(row.db_role)} and purpose <> all (${purposes})${row.confined ? ` or db_role = ${quoteLiteral(row.db_role)} and subjects is null` : ""}`
}

function array(values: readonly string[]): string {
  return `array[${values.map(quoteLiteral).join(", ")}]::text[]`
}

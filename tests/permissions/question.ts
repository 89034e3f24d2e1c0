import { type ConditionInput, type GuardInput, type Policy, parsePolicy } from "@wardkeep/core"
import { type Context, type Row, ruleSql } from "@wardkeep/permissions"
import type pg from "pg"
import { columnTypes, tenant } from "./world.ts"

export type Guard = GuardInput<"care" | "billing", never>

/** The policy file of one case: a role whose every action is tied to the drawn conditions. */
export function policyOf(when: ConditionInput, after: ConditionInput, guard: Guard): Policy {
  const tied = { when: "drawn", ...guard }
  return parsePolicy({
    tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
    tables: { note: { scope: "global", subject: "patient_id" }, care_team: { scope: "global" } },
    purposes: { care: { basis: "test" }, billing: { basis: "test" } },
    conditions: { drawn: when, changed: after, mine: { any: [{ own: "staff" }, { own: "staff_id" }] } },
    roles: {
      asker: {
        purposes: ["care", "billing"],
        can: {
          care_team: { read: { when: "mine" } },
          note: { create: tied, read: tied, update: { ...tied, after: "changed" }, delete: tied },
        },
      },
    },
  })
}

/** Writes rows, context and the moment of a case; call inside a transaction that is rolled back. */
export async function arrange(
  admin: pg.Client,
  token: string,
  role: string,
  context: Context,
  rows: readonly Row[],
): Promise<void> {
  const assignments = context.assignments?.["public.care_team"] ?? []
  await admin.query(
    "with m as (update asked.moment set at = $1), r as (insert into note select * from jsonb_populate_recordset(null::note, $2)) insert into care_team select * from jsonb_populate_recordset(null::care_team, $3)",
    [context.now, JSON.stringify(rows.map((row, n) => ({ ...row, n }))), JSON.stringify(assignments)],
  )
  await admin.query(
    `with s as (insert into wardkeep.session (kind, actor, valid_until) values ('person', $1, 'infinity') returning id)
     insert into wardkeep.token (digest, session_id, tenant, branches, db_role, role, purpose, actor, mfa_at, valid_from, valid_until)
     select sha256(convert_to($2, 'UTF8')), s.id, $3, $4, $5, 'asker', $6, $1, $7, '-infinity', 'infinity' from s`,
    [context.actor, token, tenant, context.branches, role, context.purpose, context.mfaAt],
  )
}

/** The policies that the generated predicates make, as a compiler would write them. `change` plants a mistake. */
export async function policies(
  admin: pg.Client,
  policy: Policy,
  role: string,
  { now, change = (sql) => sql }: { readonly now?: string; readonly change?: (sql: string) => string } = {},
): Promise<void> {
  const permission = policy.actors[0]?.can.get("public.note")
  const statements: string[] = []
  for (const [action, command] of [
    ["create", "insert"],
    ["read", "select"],
    ["update", "update"],
    ["delete", "delete"],
  ] as const) {
    const rule = permission?.rules[action]
    if (rule === undefined) continue
    const { using, check } = ruleSql(policy, "public.note", action, rule, columnTypes, now === undefined ? {} : { now })
    const clauses = [
      using === null ? "" : `using (${change(using)})`,
      check === null ? "" : `with check (${change(check)})`,
    ]
    statements.push(`create policy p_${command} on note for ${command} to ${role} ${clauses.join(" ")}`)
  }
  // Assignments are read with the rights of the role, which sees its own only.
  const team = policy.actors[0]?.can.get("public.care_team")?.rules.read
  if (team !== undefined) {
    const { using } = ruleSql(policy, "public.care_team", "read", team, columnTypes)
    statements.push(`create policy p_select on care_team for select to ${role} using (${change(using ?? "true")})`)
  }
  await admin.query(statements.join(";\n"))
}

export async function enter(client: pg.Client, role: string, token: string): Promise<void> {
  await client.query("select set_config('role', $1, true), set_config('wardkeep.token', $2, true)", [role, token])
}

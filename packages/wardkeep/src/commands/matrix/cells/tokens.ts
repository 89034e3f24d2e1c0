import { type Actor, type Policy, roleNames } from "@wardkeep/core"
import { asOwner, inTransaction, type Queryable } from "@wardkeep/postgres/migrate"
import { type Standing, standingKey } from "./attempts.js"
import { type Places, reason } from "./places.js"

export interface Token {
  readonly secret: string
  readonly role: string
  /** What the clinic took from the role, such as `delete public.invoice`. */
  readonly denied: readonly string[]
}

export interface Opened {
  /** By {@link standingKey}; none where the clinic took the whole role or the purpose away. */
  readonly tokens: ReadonlyMap<string, Token>
  readonly close: () => Promise<void>
}

/**
 * Mints tokens as the owner, without the issuer's key: good for a quarter of an hour in the own branch, recorded, and gone
 * when the attempts are over.
 */
export async function openTokens(
  client: Queryable,
  policy: Policy,
  places: Places,
  standings: readonly Standing[],
): Promise<Opened> {
  const sessions: string[] = []
  const tokens = new Map<string, Token>()
  await asOwner(client, policy, () =>
    inTransaction(client, async () => {
      const { tenant } = places
      await client.query("select wardkeep.record('matrix_tests', $1, jsonb_build_object('tokens', $2::int))", [
        tenant,
        standings.length,
      ])
      const session = { role: await openSession(client, "person"), service: await openSession(client, "service") }
      sessions.push(session.role, session.service)
      for (const standing of standings) {
        const token = await mint(client, policy, places, standing, session[standing.actor.kind])
        if (token !== null) tokens.set(standingKey(standing), token)
      }
    }),
  )
  const close = async (): Promise<void> =>
    await asOwner(client, policy, () =>
      inTransaction(client, async () => {
        await client.query("delete from wardkeep.token where session_id = any ($1::uuid[])", [sessions])
        await client.query(
          "update wardkeep.session set ended_at = clock_timestamp(), end_reason = $2 where id = any ($1::uuid[])",
          [sessions, "the tests are over"],
        )
      }),
    )
  return { tokens, close }
}

async function openSession(client: Queryable, kind: "person" | "service"): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `insert into wardkeep.session (kind, actor, label, valid_until)
     values ($1, 'wardkeep:' || session_user, $2, now() + interval '15 minutes') returning id`,
    [kind, reason],
  )
  return rows[0]?.id ?? ""
}

async function mint(
  client: Queryable,
  policy: Policy,
  { tenant, branch }: Places,
  { actor, person, purpose, mfaAge, only }: Standing,
  session: string,
): Promise<Token | null> {
  const role = databaseRole(policy, actor)
  const { rows } = await client.query<{ secret: string | null }>(
    `select wardkeep.mint(null, jsonb_populate_record(null::wardkeep.token, jsonb_build_object(
       'session_id', $1::text, 'tenant', $2::text, 'branches', array[$3::text], 'db_role', $4::text, 'role', $5::text,
       'purpose', $6::text, 'actor', $7::text, 'mfa_at', now() - make_interval(secs => $8), 'valid_from', now(),
       'valid_until', now() + interval '15 minutes', 'subjects', $9::text[]))) as secret`,
    [session, tenant, branch, role, actor.name, purpose, person, mfaAge, only],
  )
  const secret = rows[0]?.secret ?? null
  if (secret === null) return null
  const written = await client.query<{ denied: string[] }>(
    "select t.denied from wardkeep.token t where t.digest = sha256(convert_to($1, 'UTF8'))",
    [secret],
  )
  return { secret, role, denied: written.rows[0]?.denied ?? [] }
}

export function databaseRole(policy: Policy, { kind, name }: Actor): string {
  const names = roleNames(policy)
  return kind === "role" ? names.role(name) : names.service(name)
}

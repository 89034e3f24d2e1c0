import { randomBytes } from "node:crypto"
import { type Policy, roleNames } from "@wardkeep/core"
import { createIssuer, createWardkeep, type Session, type Wardkeep } from "@wardkeep/postgres"
import { apply, asOwner, install } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { consent, publishNotice } from "wardkeep/consent"
import { connected, uuidOf } from "../data/prepare.ts"
import { consentPurposes } from "./policy.ts"

/** A database with one clinic of one branch: neither tenant nor branch helps to find a person. */
export interface Ledger {
  readonly policy: Policy
  readonly tenant: string
  readonly branch: string
  /** The published notice; empty where the policy file has no ledger. */
  readonly notice: string
  readonly adminUrl: string
  readonly server: string
  open(): Wardkeep
  session(role: string, purpose: string): Promise<Session>
}

const schema = `
create table clinic (id uuid primary key);
create table branch (id uuid primary key, clinic_id uuid not null references clinic, unique (clinic_id, id));
create table patient (clinic_id uuid not null, branch_id uuid not null, id uuid not null, full_name text not null, born_on date,
  primary key (clinic_id, branch_id, id), foreign key (clinic_id, branch_id) references branch (clinic_id, id));
create index on patient (clinic_id, id);`

const loginUrl = (url: string, user: string, password: string): string =>
  Object.assign(new URL(url), { username: user, password }).href

/** Installs and applies in a new database of `serverUrl`, a superuser's, that is called as the policy's deployment. */
export async function prepareLedger(serverUrl: string, policy: Policy): Promise<Ledger> {
  const adminUrl = Object.assign(new URL(serverUrl), { pathname: `/${policy.deployment}` }).href
  const extensions = policy.consent === null ? [] : [consent]
  const names = roleNames(policy)
  const passwords = { app: secret(), issuer: secret(), migrator: secret() }
  const key = { id: "k001", secret: randomBytes(32) }
  const [tenant, branch] = [uuidOf("clinic"), uuidOf("branch")]
  await connected(serverUrl, (client) => client.query(`create database ${policy.deployment}`))
  await connected(adminUrl, (admin) => install({ admin, policy, passwords, extensions }))
  await connected(loginUrl(adminUrl, names.migrator, passwords.migrator), (client) =>
    asOwner(client, policy, async () => {
      await client.query("set row_security = on")
      await client.query(schema)
      await client.query("insert into clinic values ($1)", [tenant])
      await client.query("insert into branch values ($1, $2)", [branch, tenant])
      await client.query("select wardkeep.add_key($1, $2)", [key.id, key.secret])
      await apply({ client, policy, extensions })
    }),
  )
  const { rows } = await connected(adminUrl, (client) => client.query("show server_version"))
  const open = (): Wardkeep =>
    createWardkeep({
      pool: {
        connectionString: loginUrl(adminUrl, names.app, passwords.app),
        max: 1,
        idleTimeoutMillis: 0,
      },
      policy,
    })
  const session = async (role: string, purpose: string): Promise<Session> => {
    const pool = { connectionString: loginUrl(adminUrl, names.issuer, passwords.issuer), max: 1 }
    const issuer = createIssuer({ pool, keyId: key.id, key: key.secret })
    const assignments = [{ tenant, branches: [branch], role, purposes: [purpose] }]
    return await issuer.issueSession({ actor: role, ttl: "PT2H", assignments }).finally(() => issuer.close())
  }
  const notice = policy.consent === null ? "" : await publish(open(), await session("head", "care"))
  return { policy, tenant, branch, notice, adminUrl, server: rows[0]?.server_version ?? "unknown", open, session }
}

const secret = (): string => randomBytes(12).toString("hex")

async function publish(wk: Wardkeep, head: Session): Promise<string> {
  const items = consentPurposes.map((purpose) => ({ purpose, data: ["name"], enables: `What ${purpose} needs.` }))
  try {
    return await wk.run(head, () =>
      publishNotice(wk, {
        code: "patients",
        items,
        withdraw: "At any desk",
        rights: "https://clinic.example/rights",
        complain: "Data Protection Board of India",
        contact: "privacy@clinic.example",
        texts: { en: { body: "May we use your data for each of these?", status: "original" } },
      }),
    )
  } finally {
    await wk.close()
  }
}

export const personId = (number: number): string => uuidOf(`person${number}`)
const born = "1980-01-01"

/** People `from` to before `to`, by number. The ledger's triggers fire. */
export async function addPeople(admin: pg.Client, { tenant, branch }: Ledger, from: number, to: number): Promise<void> {
  await admin.query(
    `insert into patient (clinic_id, branch_id, id, full_name, born_on)
     select $1, $2, md5('person' || n)::uuid, 'Person ' || n, '${born}' from generate_series($3::integer, $4::integer - 1) n`,
    [tenant, branch, from, to],
  )
}

/**
 * What `acts` visits of each person leave in the ledger, five decisions at each: yes and no in turn, and at the last one yes to
 * every other purpose, the first one among them. Written past the functions, which take a transaction for each, in the order in
 * which time would bring it: the events of one person are far from each other.
 */
export async function addHistories(
  admin: pg.Client,
  { tenant, branch, notice }: Ledger,
  from: number,
  to: number,
  acts: number,
): Promise<void> {
  const people = `generate_series(${from}::integer, ${to} - 1) n`
  const purposes = `unnest(array['${consentPurposes.join("','")}']) with ordinality p (name, k)`
  const where = `'${tenant}', '${branch}', md5('person' || n)::uuid::text`
  const when = (act: number): string => `timestamptz '2026-01-01' + ${act} * interval '1 day'`
  const who = `'desk', 'desk', 'care', '${uuidOf("session")}'::uuid`
  const columns =
    "at, tenant, branch, subject, kind, of_purpose, notice, language, given_by, channel, method, evidence, actor, role, purpose, session_id"
  await admin.query("begin")
  await admin.query("set local session_replication_role = replica")
  await admin.query(
    `insert into wardkeep_consent.event (${columns})
     select ${when(-1)}, ${where}, 'served', null, '${notice}', 'en', null, 'desk', null, 'receipt', ${who} from ${people}`,
  )
  for (let act = 0; act < acts; act++) {
    await admin.query(
      `insert into wardkeep_consent.event (${columns})
       select ${when(act)} + k * interval '1 microsecond', ${where},
              case when yes then 'granted' when ${act} = 0 then 'refused' else 'withdrawn' end, name,
              case when yes then '${notice}'::uuid end, case when yes then 'en' end, 'subject', 'desk', 'signature',
              case when yes then 'form' end, ${who}
         from ${people}, ${purposes}, lateral (select (k + ${acts - act}) % 2 = 0 as yes) d`,
    )
  }
  const no = acts === 1 ? "refused" : "withdrawn"
  await admin.query(
    `insert into wardkeep_consent.standing (tenant, branch, subject, of_purpose, consent, consent_at, given_by)
     select ${where}, name, case when k % 2 = 1 then 'granted' else '${no}' end, ${when(acts - 1)} + k * interval '1 microsecond', 'subject'
       from ${people}, ${purposes}`,
  )
  await admin.query(
    `update wardkeep_consent.reach h set born = '${born}', last_at = ${when(acts)}
       from ${people} where h.tenant = '${tenant}' and h.branch = '${branch}' and h.subject = md5('person' || n)::uuid::text`,
  )
  await admin.query("commit")
}

/** What `consentAt` must say now of a person with `acts` visits. */
export const expectedStates = consentPurposes.map((_, at) => (at % 2 === 0 ? "granted" : "withdrawn"))

import { randomBytes } from "node:crypto"
import type pg from "pg"
import { audit } from "wardkeep/audit"
import { consent } from "wardkeep/consent"
import { apply, asOwner, grantAsOwner, install, plan } from "wardkeep/migrate"
import { accountRows, castPeople, type People } from "../data/people.js"
import type { World } from "../data/world.js"
import { actorOf } from "../login/actor.js"
import policy from "../policy.js"
import { connected } from "./connected.js"
import { loadWorld, seedDrugs } from "./load.js"
import { schemaFiles } from "./schema-files.js"

/** What may be chosen instead of made anew: nothing of it is in the repository but for tests. */
export interface ClinicSecrets {
  readonly people: People
  /** Passwords of the logins; the names follow from the policy's deployment. */
  readonly passwords: {
    readonly app: string
    readonly issuer: string
    readonly migrator: string
    readonly vendor: string
  }
  readonly keyId: string
  readonly key: Buffer
}

export interface Clinics extends ClinicSecrets {
  /** What the plan said cannot be covered, worst first. */
  readonly notes: readonly string[]
}

export interface SetupOptions {
  /** An administrator with CREATEROLE who owns the database; never a superuser. */
  readonly adminUrl: string
  /** The same database with another login. */
  readonly url: (login: { user: string; password: string }) => string
  readonly world: World
  readonly secrets?: ClinicSecrets
  readonly progress?: (what: string) => void
}

/**
 * From an empty database to a working clinic: install, the host's schema, the policy, the data, and then the audit log: what
 * was made up for the demo has no author.
 */
export async function setUp(options: SetupOptions): Promise<Clinics> {
  const { adminUrl, url, world, progress = () => undefined } = options
  const secrets = options.secrets ?? newSecrets(world)
  const { people, passwords, keyId, key } = secrets
  await connected(adminUrl, async (admin) => {
    await install({ admin, policy, passwords, extensions: [audit, consent] })
  })
  progress("installed the roles and the schema wardkeep, as an administrator with CREATEROLE and CREATEDB only")
  return connected(url({ user: "wk_demo_migrator", password: passwords.migrator }), async (client) => {
    await asOwner(client, policy, async () => {
      for (const file of schemaFiles()) await client.query(file)
      await seed(client, world, people)
      await client.query("select wardkeep.add_key($1, $2)", [keyId, key])
    })
    progress("migrated the clinic's own schema, as the owner role")
    const { applied, findings } = await asOwner(client, policy, async () => {
      const shown = await plan({ client, policy, extensions: [consent] })
      return apply({ client, policy, plan: shown, extensions: [consent] })
    })
    progress(`planned and applied the policy: ${applied} steps, ${findings.length} notes`)
    await loadWorld(client, world)
    progress(`loaded ${world.patients.length} patients and what they left behind`)
    await assign(client, people)
    progress("assigned their roles to the people who are there from the first day")
    await asOwner(client, policy, () => apply({ client, policy, extensions: [audit, consent] }))
    progress("began the audit log: from here on no write without its author")
    const notes = findings.map(({ object, message }) => `${object}: ${message}`)
    return { ...secrets, notes }
  })
}

/** Clinics, branches, staff and accounts: a handful of rows that the host's own migrations bring along. */
async function seed(client: pg.Client, world: World, people: People): Promise<void> {
  await seedDrugs(client)
  for (const { id, slug, name, city, branches, staff } of world.clinics) {
    await client.query("insert into clinic (id, slug, name, city) values ($1, $2, $3, $4)", [id, slug, name, city])
    for (const branch of branches) {
      await client.query("insert into branch (clinic_id, id, name, opened_on) values ($1, $2, $3, $4)", [
        id,
        branch.id,
        branch.name,
        branch.openedOn,
      ])
    }
    await client.query(
      `insert into staff (clinic_id, id, full_name, profession, registration_no)
       select $1, s.id, s."fullName", s.profession, s."registrationNo"
         from jsonb_to_recordset($2) as s(id uuid, "fullName" text, profession text, "registrationNo" text)`,
      [id, JSON.stringify(staff)],
    )
  }
  await client.query(
    `insert into account (id, email, password_hash, totp_secret)
     select a.id, a.email, a.password_hash, a.totp_secret
       from jsonb_to_recordset($1) as a(id uuid, email text, password_hash text, totp_secret text)`,
    [JSON.stringify(await accountRows(people))],
  )
}

/** The first assignments, which nobody in the clinic could grant yet. The stand-in's is left to the owner. */
async function assign(client: pg.Client, { standIn: _later, ...people }: People): Promise<void> {
  for (const { id, clinic, branches, role, subject } of Object.values(people)) {
    const end = role === "locum" ? { validUntil: new Date(Date.now() + 86_400_000) } : {}
    for (const { id: branch } of branches) {
      const whom = subject === undefined ? {} : { subject }
      const reason = "there from the first day"
      const granted = { actor: actorOf(id), role, scope: { branch }, reason, ...whom, ...end }
      await grantAsOwner({ client, policy, tenant: clinic.id, ...granted })
    }
  }
}

function newSecrets(world: World): ClinicSecrets {
  const password = (): string => randomBytes(24).toString("base64url")
  const passwords = { app: password(), issuer: password(), migrator: password(), vendor: password() }
  return { people: castPeople(world), passwords, keyId: "dem1", key: randomBytes(32) }
}

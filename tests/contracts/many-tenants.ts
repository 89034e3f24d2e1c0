import { randomUUID } from "node:crypto"
import { createIssuer, createWardkeep, type Issuer, type Session } from "@wardkeep/postgres"
import { type Clinic, connected } from "#tests/fixture/clinic.ts"

export interface Tenant {
  readonly clinic: string
  readonly branch: string
  readonly session: Session
}

export const patientsPerTenant = 2

export interface Urls {
  readonly admin: string
  readonly issuer: string
  readonly app: string
}

/** Adds `count` tenants of one branch and two patients each to an installed clinic, with a doctor's session in each. */
export async function manyTenants(
  clinic: Clinic,
  urls: Urls,
  count: number,
): Promise<{ tenants: Tenant[]; issuer: Issuer }> {
  const places = Array.from({ length: count }, () => ({ clinic: randomUUID(), branch: randomUUID() }))
  const clinics = places.map((place) => place.clinic)
  const branches = places.map((place) => place.branch)
  await connected(urls.admin, async (admin) => {
    await admin.query("insert into clinic (id, name) select c, 'clinic' from unnest($1::uuid[]) c", [clinics])
    await admin.query(
      "insert into branch (id, clinic_id, name) select u.b, u.c, 'branch' from unnest($1::uuid[], $2::uuid[]) u(c, b)",
      [clinics, branches],
    )
  })
  const issuer = createIssuer({
    pool: { connectionString: urls.issuer, max: 4 },
    keyId: clinic.key.id,
    key: clinic.key.secret,
  })
  const tenants = await Promise.all(
    places.map(async (place, n) => {
      const session = await issuer.issueSession({
        actor: `doctor-${n}`,
        mfaAt: new Date(),
        ttl: "PT1H",
        assignments: [{ tenant: place.clinic, branches: [place.branch], role: "doctor", purposes: ["care"] }],
      })
      return { ...place, session }
    }),
  )
  const wk = createWardkeep({ pool: { connectionString: urls.app, max: 4 }, policy: clinic.policy })
  await Promise.all(
    tenants.map(({ clinic: id, session }) =>
      wk.run(session, async () =>
        wk.query("insert into patient (full_name) select $1 from generate_series(1, $2::int)", [
          `Patient of ${id}`,
          patientsPerTenant,
        ]),
      ),
    ),
  )
  await wk.close()
  return { tenants, issuer }
}

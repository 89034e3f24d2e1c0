import { randomUUID } from "node:crypto"
import type { Session } from "@wardkeep/postgres"
import { createIssuer } from "@wardkeep/postgres"
import { maintenance } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { type Clinic, connected, installClinic, withLogin } from "#tests/fixture/clinic.ts"

/** Somebody at work: what they may see is known without asking the product. */
export interface Worker {
  readonly session: Session
  readonly role: string
  readonly branches: readonly string[]
  /** Ids of the rows of these branches. */
  readonly own: readonly string[]
}

export interface World {
  readonly clinic: Clinic
  readonly workers: readonly Worker[]
  readonly patients: ReadonlyMap<string, string>
  /** Of each tenant its branches; a member of its staff is found under `<tenant>@clinic.example`. */
  readonly branchesOf: ReadonlyMap<string, readonly string[]>
}

export const patientsPerBranch = 8

/** `tenants` clinics of two branches each; doctors of one branch, receptionists of one, owners of both. */
export async function buildWorld(
  ownerUrl: string,
  tenants: number,
  strategy: "portable" | "accelerated" = "portable",
): Promise<World> {
  const clinic = await installClinic(ownerUrl, { strategy })
  const rows: { clinic: string; branch: string; patient: string }[] = []
  for (let t = 0; t < tenants; t++) {
    const id = randomUUID()
    for (let b = 0; b < 2; b++) {
      const branch = randomUUID()
      for (let p = 0; p < patientsPerBranch; p++) rows.push({ clinic: id, branch, patient: randomUUID() })
    }
  }
  const column = (key: keyof (typeof rows)[number]): string[] => rows.map((row) => row[key])
  await connected(withLogin(ownerUrl, clinic.logins.migrator), (client) =>
    maintenance(
      { client, policy: clinic.policy, tables: ["clinic", "branch", "staff", "patient"], reason: "fuzz" },
      async (q) => {
        await q.query("insert into clinic (id, name) select distinct u, 'clinic' from unnest($1::uuid[]) u", [
          column("clinic"),
        ])
        await q.query(
          "insert into staff (clinic_id, name, email) select distinct u, 'staff', u || '@clinic.example' from unnest($1::uuid[]) u",
          [column("clinic")],
        )
        await q.query(
          "insert into branch (clinic_id, id, name) select distinct c, b, 'branch' from unnest($1::uuid[], $2::uuid[]) u(c, b)",
          [column("clinic"), column("branch")],
        )
        await q.query(
          `insert into patient (clinic_id, branch_id, id, full_name, phone)
         select c, b, p, 'of ' || b, '0' from unnest($1::uuid[], $2::uuid[], $3::uuid[]) u(c, b, p)`,
          [column("clinic"), column("branch"), column("patient")],
        )
      },
    ),
  )
  return {
    clinic,
    workers: await hire(ownerUrl, clinic, rows),
    patients: new Map(rows.map((row) => [row.patient, row.branch])),
    branchesOf: new Map(
      rows.map(({ clinic: id }) => [
        id,
        [...new Set(rows.filter((row) => row.clinic === id).map((row) => row.branch))],
      ]),
    ),
  }
}

async function hire(
  url: string,
  clinic: Clinic,
  rows: readonly { clinic: string; branch: string; patient: string }[],
): Promise<Worker[]> {
  const pool = new pg.Pool({ connectionString: withLogin(url, clinic.logins.issuer), max: 4 })
  const issuer = createIssuer({ pool, keyId: clinic.key.id, key: clinic.key.secret })
  const workers: Worker[] = []
  try {
    for (const tenant of new Set(rows.map((row) => row.clinic))) {
      const branches = [...new Set(rows.filter((row) => row.clinic === tenant).map((row) => row.branch))]
      const posts: [string, readonly string[]][] = [
        ["doctor", branches],
        ...branches.flatMap((b): [string, string[]][] => [
          ["doctor", [b]],
          ["reception", [b]],
        ]),
      ]
      for (const [role, held] of posts) {
        const session = await issuer.issueSession({
          actor: `${role}-${held.length}`,
          assignments: [{ tenant, branches: held, role, purposes: ["care"] }],
          mfaAt: new Date(),
          // A million statements take an hour on a quiet machine, and longer on others.
          ttl: 8 * 3600,
        })
        workers.push({
          session,
          role,
          branches: held,
          own: rows.filter((row) => held.includes(row.branch)).map((row) => row.patient),
        })
      }
    }
  } finally {
    await issuer.close()
    if (!pool.ended) await pool.end()
  }
  return workers
}

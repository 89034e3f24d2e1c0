import { audit } from "@wardkeep/audit"
import { createIssuer, type Session } from "@wardkeep/postgres"
import { viewedPolicy } from "../fixture/audited.ts"
import { type Clinic, connected, installClinic, withLogin } from "../fixture/clinic.ts"
import { serverBinaries } from "../harness/src/binaries.ts"
import { type EmbeddedServer, type ServerOptions, startEmbedded } from "../harness/src/embedded.ts"
import { legFromEnvironment, majorOf } from "../harness/src/leg.ts"
import { urlFor, withClient } from "../harness/src/sql.ts"

/** A clinic on a server that is about to be treated badly. */
export interface EndangeredClinic {
  readonly clinic: Clinic
  readonly doctor: Session
  /** Those whom the doctor may see. */
  readonly patients: readonly string[]
}

/** Of this leg's version; its commits wait for the disk, as they do outside of tests. */
export async function startServer(options: Omit<ServerOptions, "binaries"> = {}): Promise<EmbeddedServer> {
  const binaries = serverBinaries(majorOf(legFromEnvironment()))
  const settings = { synchronous_commit: true, ...options.settings }
  return await startEmbedded({ ...options, settings, ...(binaries !== undefined && { binaries }) })
}

export const clinicAt = (server: EmbeddedServer): string => urlFor(server.url, "clinic")

export async function installOn(server: EmbeddedServer, patientsPerBranch: number): Promise<EndangeredClinic> {
  await withClient(server.url, (client) => client.query("create database clinic"))
  const url = clinicAt(server)
  const clinic = await installClinic(url, {
    policy: viewedPolicy(),
    extensions: [audit],
    patients: patientsPerBranch,
  })
  const [{ clinic: tenant, branch }] = clinic.branches
  const pool = { connectionString: withLogin(url, clinic.logins.issuer), max: 1 }
  const issuer = createIssuer({ pool, keyId: clinic.key.id, key: clinic.key.secret })
  const assignments = [{ tenant, branches: [branch], role: "doctor", purposes: ["care"] }]
  const doctor = await issuer
    .issueSession({ actor: "doctor", mfaAt: new Date(), ttl: "PT1H", assignments })
    .finally(() => issuer.close())
  const { rows } = await connected(url, (admin) =>
    admin.query<{ id: string }>("select id from patient where branch_id = $1", [branch]),
  )
  return { clinic, doctor, patients: rows.map(({ id }) => id) }
}

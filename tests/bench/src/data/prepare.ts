import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto"
import { type Policy, roleNames } from "@wardkeep/core"
import { apply, asOwner, install, useStrategy } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { audit } from "wardkeep/audit"
import { type BenchRole, benchPolicy, roleNamesOfBench } from "./policy.ts"
import { keys, plainCopy, rows, type Sizes, tables } from "./schema.ts"

export interface Login {
  readonly user: string
  readonly password: string
}

/** A database to measure on: the product installed, the rows loaded, contexts issued. */
export interface Measured {
  readonly policy: Policy
  readonly sizes: Sizes
  readonly url: (login: Login) => string
  readonly acceleratedUrl: ((login: Login) => string) | undefined
  readonly app: Login
  /** Exempt from row-level security: what a hand-written WHERE costs. */
  readonly raw: Login
  /** Under the ordinary policy of the schema `plain`. */
  readonly plain: Login
  readonly migrator: Login
  readonly issuer: Login
  readonly key: { readonly id: string; readonly secret: Buffer }
  readonly contexts: Contexts
  readonly seconds: Record<string, number>
  readonly server: string
}

/** What the client calls a session with one grant; kept as plain data, as a host's session store would. */
export interface Session {
  readonly id: string
  readonly actor: string
  readonly expiresAt: string
  readonly grants: readonly Grant[]
}

export interface Grant {
  readonly tenant: string
  readonly branches: readonly string[]
  readonly role: BenchRole
  readonly dbRole: string
  readonly purpose: string
  readonly token: string
  readonly validUntil: string
}

export interface Contexts {
  /** One branch of one clinic, as a role. */
  one(clinic: number, branch: number, role?: BenchRole): Session
  /** All branches of one clinic, as a doctor. */
  all(clinic: number): Session
}

const login = (user: string): Login => ({ user, password: randomBytes(12).toString("hex") })

export const uuidOf = (text: string): string =>
  createHash("md5")
    .update(text)
    .digest("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
export const clinicId = (clinic: number): string => uuidOf(`clinic${clinic}`)
export const branchId = (clinic: number, branch: number): string => uuidOf(`branch${clinic}/${branch}`)

/** {@link prepare} in a database of a server that was just started. */
export async function prepareOn(
  server: { readonly url: string },
  sizes: Sizes,
  options: Parameters<typeof prepare>[2],
): Promise<{ readonly url: string; readonly measured: Measured }> {
  await connected(server.url, (client) => client.query("create database bench"))
  const url = Object.assign(new URL(server.url), { pathname: "/bench" }).href
  return { url, measured: await prepare(url, sizes, options) }
}

/** Installs, loads and applies in the database of `adminUrl`, a superuser's; `accelerated` adds a copy with that strategy. */
export async function prepare(
  adminUrl: string,
  sizes: Sizes,
  options: { readonly accelerated: boolean; readonly deployment?: string; readonly audited?: boolean },
): Promise<Measured> {
  const policy = benchPolicy(options.deployment ?? "bench", options.audited)
  const extensions = options.audited === true ? [audit] : []
  const names = roleNames(policy)
  const [app, issuer, migrator] = [login(names.app), login(names.issuer), login(names.migrator)]
  const raw = login(`raw_${policy.deployment}`)
  const plain = login(`plain_${policy.deployment}`)
  const seconds: Record<string, number> = {}
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const began = Date.now()
    const result = await work()
    seconds[what] = (Date.now() - began) / 1000
    return result
  }
  const key = { id: "k001", secret: randomBytes(32) }
  return await connected(adminUrl, async (admin) => {
    await install({
      admin,
      policy,
      extensions,
      passwords: { app: app.password, issuer: issuer.password, migrator: migrator.password },
    })
    await connected(withLogin(adminUrl, migrator), async (client) => {
      await client.query("set maintenance_work_mem = '512MB'")
      await asOwner(client, policy, async () => {
        await inOneTransaction(client, async () => {
          await client.query(tables)
          await timed("rows", () => client.query(rows(sizes)))
          await timed("keys", () => client.query(keys))
        })
        await client.query("select wardkeep.add_key($1, $2)", [key.id, key.secret])
        await client.query("set row_security = on")
        await timed("apply", () => apply({ client, policy, extensions }))
      })
    })
    await timed("plain copy", () => otherLogins(admin, raw, plain))
    await timed("vacuum", () => admin.query("vacuum (analyze)"))
    await admin.query("create extension if not exists pg_prewarm schema plain")
    const contexts = await connected(withLogin(adminUrl, issuer), (client) => issue(client, key, sizes))
    const { rows: version } = await admin.query<{ server_version: string }>("show server_version")
    await timed("warming", () => warm(admin))
    const accelerated = options.accelerated
      ? await timed("accelerated", () => copied(adminUrl, policy, migrator))
      : undefined
    return {
      policy,
      sizes,
      url: (who) => withLogin(adminUrl, who),
      acceleratedUrl: accelerated === undefined ? undefined : (who) => withLogin(accelerated, who),
      app,
      raw,
      plain,
      migrator,
      issuer,
      key,
      contexts,
      seconds,
      server: version[0]?.server_version ?? "unknown",
    }
  })
}

/** Tables filled in the transaction that made them write no log. */
async function inOneTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query("begin")
  try {
    await work()
    await client.query("commit")
  } catch (error) {
    await client.query("rollback")
    throw error
  }
}

async function otherLogins(admin: pg.Client, raw: Login, plain: Login): Promise<void> {
  await admin.query(plainCopy)
  for (const { user, password } of [raw, plain])
    await admin.query(`create role ${user} login ${user === raw.user ? "bypassrls" : ""} password '${password}'`)
  for (const { user } of [raw, plain]) {
    // Copies of its own, for what is measured apart from every policy.
    await admin.query(`grant connect, temporary on database ${(admin as { database?: string }).database} to ${user}`)
    await admin.query(`grant usage on schema public, plain to ${user}`)
    await admin.query(`grant select on all tables in schema plain to ${user}`)
  }
  await admin.query(`grant select on all tables in schema public to ${raw.user}`)
}

/** A second database with the same rows and the same tokens, where the accelerated strategy verifies them. */
async function copied(adminUrl: string, policy: Policy, migrator: Login): Promise<string> {
  const url = new URL(adminUrl)
  const from = url.pathname.slice(1)
  const to = `${from}_accelerated`
  url.pathname = "/template1"
  // The caller's connection is the template's only one by then; a template must have none.
  await connected(url.href, async (admin) => {
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [from])
    await admin.query(`create database "${to}" template "${from}" strategy file_copy`)
  })
  url.pathname = `/${to}`
  await connected(url.href, async (admin) => {
    await install({ admin, policy })
    await useStrategy(admin, policy, "accelerated")
    await warm(admin)
  })
  await connected(withLogin(url.href, migrator), (client) =>
    asOwner(client, policy, async () => void (await apply({ client, policy }))),
  )
  return url.href
}

/** All tables and indexes into the server's cache: what is measured is the work, not who came first to a page. */
export async function warm(admin: pg.Client): Promise<void> {
  await admin.query(
    `select sum(plain.pg_prewarm(c.oid::regclass)) from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('public', 'plain', 'wardkeep') and c.relkind in ('r', 'i')`,
  )
}

async function issue(
  client: pg.Client,
  key: { readonly id: string; readonly secret: Buffer },
  { clinics, branches }: Sizes,
): Promise<Contexts> {
  const assignments: { tenant: string; branches: string[] | "all"; role: BenchRole }[] = []
  for (let clinic = 0; clinic <= clinics; clinic++) {
    assignments.push({ tenant: clinicId(clinic), branches: "all", role: "doctor" })
    for (let branch = 0; branch < branches; branch++) {
      for (const role of roleNamesOfBench)
        assignments.push({ tenant: clinicId(clinic), branches: [branchId(clinic, branch)], role })
    }
  }
  const request = JSON.stringify({
    actor: "asha",
    ttl_seconds: 12 * 3600,
    nonce: randomUUID(),
    issued_at: new Date().toISOString(),
    assignments,
  })
  const mac = createHmac("sha256", key.secret).update(`session:${request}`).digest()
  const { rows: granted } = await client.query<Issued>("select * from wardkeep.issue_session($1, $2, $3)", [
    request,
    key.id,
    mac,
  ])
  const found = new Map(
    granted.map((grant) => [
      `${grant.tenant} ${grant.branches.length > 1 ? "all" : grant.branches[0]} ${grant.role}`,
      session(grant),
    ]),
  )
  const get = (name: string): Session => {
    const result = found.get(name)
    if (result === undefined) throw new Error(`no context for ${name}`)
    return result
  }
  return {
    one: (clinic, branch, role = "doctor") => get(`${clinicId(clinic)} ${branchId(clinic, branch)} ${role}`),
    all: (clinic) => get(`${clinicId(clinic)} all doctor`),
  }
}

interface Issued {
  readonly session_id: string
  readonly tenant: string
  readonly branches: string[]
  readonly role: BenchRole
  readonly db_role: string
  readonly purpose: string
  readonly token: string
  readonly valid_until: Date
}

function session(grant: Issued): Session {
  const validUntil = grant.valid_until.toISOString()
  const { tenant, branches, role, purpose, token } = grant
  return {
    id: grant.session_id,
    actor: "asha",
    expiresAt: validUntil,
    grants: [{ tenant, branches, role, dbRole: grant.db_role, purpose, token, validUntil }],
  }
}

function withLogin(url: string, { user, password }: Login): string {
  const changed = new URL(url)
  changed.username = user
  changed.password = password
  return changed.href
}

export async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

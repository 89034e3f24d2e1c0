import { createHmac, randomBytes, randomUUID } from "node:crypto"
import pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { enterBySql, type Grant, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { Attacker, asSuperuser, codeOf, errorText, makeWorld, type Strategy, type World } from "./world.ts"

async function fresh(world: World, over: Record<string, unknown> = {}): Promise<Grant> {
  const { clinic, branch } = world.clinic.branches[1]
  const [grant] = await issueBySql(
    world.adminUrl,
    world.clinic,
    [{ role: "doctor", tenant: clinic, branches: [branch], purposes: ["care"] }],
    over,
  )
  if (grant === undefined) throw new Error("no token")
  return grant
}

async function withApp<T>(world: World, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const attacker = new Attacker(world.appUrl)
  await attacker.connect()
  try {
    return await work(attacker.client)
  } finally {
    await attacker.end()
  }
}

async function codeAfter(work: Promise<unknown>): Promise<string> {
  return await work.then(() => "none", codeOf)
}

async function read(client: pg.Client): Promise<number | null> {
  return (await client.query("select * from public.patient")).rowCount
}

const end = (world: World, grant: Grant): Promise<unknown> =>
  asSuperuser(world.issuerUrl, (issuer) =>
    issuer.query("select wardkeep.end_session($1, 'attack')", [grant.session_id]),
  )

describe.each<Strategy>(["portable", "accelerated"])("a token, %s", (strategy) => {
  const database = useDatabase()
  let world: World

  beforeAll(async () => {
    world = await makeWorld(database, strategy)
  })

  it("works until its session ends, and is refused in every transaction that begins afterwards", async () => {
    const grant = await fresh(world)
    await withApp(world, async (client) => {
      await client.query("begin")
      await enterBySql(client, grant)
      expect(await read(client)).toBe(5)
      await client.query("commit")
      await end(world, grant)
      await client.query("begin")
      expect(await codeAfter(enterBySql(client, grant).then(() => read(client)))).toBe("WK102")
      await client.query("rollback")
    })
  })

  it(`is ${strategy === "portable" ? "refused on the next statement" : "held to the end"} of an open READ COMMITTED transaction`, async () => {
    const grant = await fresh(world)
    await withApp(world, async (client) => {
      await client.query("begin")
      await enterBySql(client, grant)
      expect(await read(client)).toBe(5)
      await end(world, grant)
      expect(await codeAfter(read(client))).toBe(strategy === "portable" ? "WK102" : "none")
      await client.query("rollback")
    })
  })

  it("is held to the end of an open REPEATABLE READ transaction, as documented, and no longer", async () => {
    const grant = await fresh(world)
    await withApp(world, async (client) => {
      await client.query("begin isolation level repeatable read")
      await enterBySql(client, grant)
      expect(await read(client)).toBe(5)
      await end(world, grant)
      expect(await codeAfter(read(client))).toBe("none")
      await client.query("commit")
      await client.query("begin isolation level repeatable read")
      expect(await codeAfter(enterBySql(client, grant).then(() => read(client)))).toBe("WK102")
      await client.query("rollback")
    })
  })

  it("does not come back with a savepoint", async () => {
    const grant = await fresh(world)
    await withApp(world, async (client) => {
      await client.query("begin")
      await enterBySql(client, world.grants.doctor)
      await client.query("savepoint older")
      await end(world, grant)
      expect(
        await codeAfter(
          (async () => {
            await client.query("reset role")
            await enterBySql(client, grant)
            await read(client)
          })(),
        ),
      ).toBe("WK102")
      await client.query("rollback to older")
      const { rows } = await client.query<{ t: string }>("select string_agg(p::text, ' ') as t from public.patient p")
      expect(rows[0]?.t).not.toContain("canary-1")
      await client.query("rollback")
    })
  })

  it(`${strategy === "portable" ? "that has ended does not come back" : "that has ended is held to the end of its transaction"} when a savepoint of its time is rolled back to`, async () => {
    const grant = await fresh(world)
    const all = "select coalesce(string_agg(p::text, ' '), '') as t from public.patient p"
    const text = async (client: pg.Client): Promise<string> => (await client.query<{ t: string }>(all)).rows[0]!.t
    await withApp(world, async (client) => {
      await client.query("begin")
      await enterBySql(client, grant)
      expect(await text(client)).toContain("canary-1")
      await client.query("savepoint of_its_time")
      await end(world, grant)
      await client.query("set local role none")
      await enterBySql(client, world.grants.foreigner)
      expect(await text(client)).toContain("canary-2")
      await client.query("rollback to of_its_time")
      const seen = await text(client).catch(codeOf)
      if (strategy === "portable") expect(seen).toBe("WK102")
      else {
        expect(seen).toContain("canary-1")
        expect(seen).not.toContain("canary-2")
      }
      await client.query("rollback")
      await client.query("begin")
      expect(await codeAfter(enterBySql(client, grant).then(() => read(client)))).toBe("WK102")
      await client.query("rollback")
    })
  })

  it("cannot be spent by the issuer's or the migrator's login", async () => {
    for (const url of [world.issuerUrl, world.migratorUrl]) {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      await client.query("begin")
      expect(await codeAfter(enterBySql(client, world.grants.foreigner).then(() => read(client)))).toBe("42501")
      await client.query("rollback")
      await client.end()
    }
  })

  it("is not in the text that another session of the same login sees", async () => {
    await withApp(world, async (victim) => {
      await victim.query("begin")
      await enterBySql(victim, world.grants.foreigner)
      await victim.query("select full_name from public.patient where full_name <> $1", ["canary-2-indigo"])
      await withApp(world, async (client) => {
        const { rows } = await client.query("select * from pg_stat_activity")
        const text = JSON.stringify(rows)
        expect(text).toContain("full_name <> $1")
        expect(text).not.toContain(world.grants.foreigner.token)
        expect(text).not.toContain("canary-2-indigo")
      })
      await victim.query("rollback")
    })
  })

  it("keeps no secret in a function body, a setting or a comment", async () => {
    await withApp(world, async (client) => {
      const { rows } = await client.query(
        `select (select string_agg(prosrc || coalesce(pg_get_function_sqlbody(oid), ''), ' ') from pg_proc where pronamespace in ('wardkeep'::regnamespace, 'wardkeep_lookup'::regnamespace)) as bodies,
                (select json_agg(s)::text from pg_settings s) as settings, (select json_agg(d)::text from pg_db_role_setting d) as defaults,
                (select json_agg(d)::text from pg_description d) as comments, (select json_agg(d)::text from pg_shdescription d) as shared`,
      )
      const text = JSON.stringify(rows)
      expect(text.length).toBeGreaterThan(10_000)
      const key = world.clinic.key.secret
      const pad = (mask: number): string =>
        Buffer.from(Buffer.concat([key, Buffer.alloc(32)]).map((byte) => byte ^ mask)).toString("hex")
      for (const secret of [key.toString("hex"), key.toString("base64"), pad(54), pad(92)])
        expect(text).not.toContain(secret)
      for (const grant of Object.values(world.grants)) expect(text).not.toContain(grant.token)
    })
  })

  it("a membership taken away is refused with a cached plan too, at the next transaction", async () => {
    await withApp(world, async (client) => {
      const statement = { name: "cached", text: "select count(*)::int as n from public.patient" }
      await client.query("set plan_cache_mode = force_generic_plan")
      await client.query("begin")
      await enterBySql(client, world.grants.doctor)
      expect((await client.query(statement)).rows).toEqual([{ n: 5 }])
      await client.query("commit")
      const names = `${world.grants.doctor.db_role} from ${world.clinic.logins.app.user}`
      await asSuperuser(world.adminUrl, (admin) => admin.query(`revoke ${names}`))
      try {
        await client.query("begin")
        expect(await codeAfter(enterBySql(client, world.grants.doctor).then(() => client.query(statement)))).toBe(
          "42501",
        )
        await client.query("rollback")
      } finally {
        await asSuperuser(world.adminUrl, (admin) => admin.query(`grant ${names.replace(" from ", " to ")}`))
      }
    })
  })
})

describe("a request for a session", () => {
  const database = useDatabase()
  let world: World

  beforeAll(async () => {
    world = await makeWorld(database, "portable")
  })

  const sign = (kind: string, request: string, secret?: Buffer): Buffer =>
    createHmac("sha256", secret ?? world.clinic.key.secret)
      .update(`${kind}:${request}`)
      .digest()

  const body = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
    actor: "mallory",
    ttl_seconds: 600,
    mfa_at: new Date().toISOString(),
    nonce: randomUUID(),
    issued_at: new Date().toISOString(),
    assignments: [assignment()],
    ...over,
  })

  const assignment = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
    role: "doctor",
    tenant: world.clinic.branches[0].clinic,
    branches: [world.clinic.branches[0].branch],
    ...over,
  })

  /** What the issuer's login gets for a request: tokens, or the code of the refusal. */
  async function ask(
    request: string | null,
    mac: Buffer | null,
    { call = "issue_session", kid = "k001", first = "select 1" } = {},
  ): Promise<string> {
    return await asSuperuser(world.issuerUrl, async (issuer) => {
      await issuer.query(first)
      return await issuer.query(`select * from wardkeep.${call}($1, $2, $3)`, [request, kid, mac]).then(
        (result) => `${result.rowCount} tokens`,
        (error: unknown) => {
          expect(errorText(error)).not.toContain(world.clinic.key.secret.toString("hex"))
          return codeOf(error)
        },
      )
    })
  }

  async function signed(over: Record<string, unknown>): Promise<string> {
    const request = JSON.stringify(body(over))
    return await ask(request, sign("session", request))
  }

  it("works when it is right: the control", async () => {
    expect(await signed({})).toBe("2 tokens")
  })

  it("is refused unsigned, wrongly signed, changed after signing, or under another key", async () => {
    const request = JSON.stringify(body())
    const right = sign("session", request)
    expect(await ask(request, null)).toBe("WK202")
    expect(await ask(null, null)).toBe("WK202")
    expect(await ask(request, Buffer.alloc(0))).toBe("WK202")
    expect(await ask(request, randomBytes(32))).toBe("WK202")
    expect(await ask(request.replace("mallory", "root"), right)).toBe("WK202")
    expect(await ask(`${request} `, right)).toBe("WK202")
    expect(await ask(request, sign("session", request, randomBytes(32)))).toBe("WK202")
    expect(await ask(request, right, { kid: "k002" })).toBe("WK202")
    expect(await ask(request, right, { kid: "K001" })).toBe("WK202")
    expect(await ask(request, right, { kid: "' or true --" })).toBe("WK202")
  })

  it("serves one kind only", async () => {
    const request = JSON.stringify(body({ service: "reminders", tenant: world.clinic.branches[2].clinic }))
    for (const call of ["issue_session", "issue_service", "reopen_session"])
      for (const kind of ["session", "service", "reopen"])
        if (!call.endsWith(kind) && !call.startsWith(kind))
          expect(await ask(request, sign(kind, request), { call }), `${kind} for ${call}`).toBe("WK202")
  })

  it("is served once", async () => {
    const request = JSON.stringify(body())
    const mac = sign("session", request)
    expect(await ask(request, mac)).toBe("2 tokens")
    expect(await ask(request, mac)).toBe("WK202")
    expect(await ask(request, mac, { first: "begin isolation level repeatable read" })).toMatch(/WK202|WK009|40001/)
  })

  it("is refused when it is old, early or has no time, whatever the time zone of the session", async () => {
    const at = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString()
    for (const issued_at of [
      at(-3),
      at(3),
      at(-840),
      "now",
      "infinity",
      "-infinity",
      "today",
      at(0).slice(0, -1),
      null,
      "",
    ])
      expect(await signed({ issued_at }), String(issued_at)).toMatch(/^(WK202|22\d+)$/)
    for (const zone of ["<Z>-14", "<UTC>-14", "Asia/Kolkata", "UTC+14"]) {
      const old = JSON.stringify(body({ issued_at: at(-840) }))
      const first = `set timezone = '${zone}'`
      expect(await ask(old, sign("session", old), { first }), zone).toBe("WK202")
      const now = JSON.stringify(body({ assignments: [assignment({ valid_until: at(-1) })] }))
      expect(await ask(now, sign("session", now), { first }), zone).toBe("WK202")
    }
    expect(await signed({ assignments: [assignment({ valid_until: "2099-01-01 00:00" })] })).toBe("WK202")
  })

  it("is refused with shapes that mean nothing", async () => {
    const { branch: foreign, clinic: other } = world.clinic.branches[2]
    const refused: Record<string, unknown>[] = [
      { actor: "" },
      { actor: null },
      { ttl_seconds: 86_401 },
      { ttl_seconds: -1 },
      { ttl_seconds: 0 },
      { ttl_seconds: "Infinity" },
      { ttl_seconds: "NaN" },
      { ttl_seconds: 1e300 },
      { ttl_seconds: null },
      { nonce: null },
      { nonce: "x" },
      { mfa_at: null },
      { mfa_at: "infinity" },
      { mfa_at: new Date(Date.now() + 600_000).toISOString() },
      { mfa_at: new Date(Date.now() - 13 * 3_600_000).toISOString() },
      { assignments: null },
      { assignments: [] },
      { assignments: {} },
      { assignments: "all" },
      { assignments: [null] },
      { assignments: [[assignment()]] },
      { assignments: [assignment({ role: "owner" })] },
      { assignments: [assignment({ role: null })] },
      { assignments: [assignment({ role: "reminders" })] },
      { assignments: [assignment({ role: "doctor'; drop table wardkeep.token; --" })] },
      { assignments: [assignment({ tenant: randomUUID() })] },
      { assignments: [assignment({ tenant: null })] },
      { assignments: [assignment({ tenant: other })] },
      { assignments: [assignment({ branches: [foreign] })] },
      { assignments: [assignment({ branches: [world.clinic.branches[0].branch, foreign] })] },
      { assignments: [assignment({ branches: [] })] },
      { assignments: [assignment({ branches: null })] },
      { assignments: [assignment({ branches: undefined })] },
      { assignments: [assignment({ branches: {} })] },
      { assignments: [assignment({ branches: { group: "everything" } })] },
      { assignments: [assignment({ branches: ["all"] })] },
      { assignments: [assignment({ branches: "*" })] },
      { assignments: [assignment({ branches: [[world.clinic.branches[0].branch]] })] },
      { assignments: [assignment({ purposes: ["outreach"] })] },
      { assignments: [assignment({ purposes: ["care", "outreach"] })] },
      { assignments: [assignment({ purposes: [] })] },
      { assignments: [assignment({ purposes: null })] },
      { assignments: [assignment({ purposes: "care" })] },
      { assignments: [assignment({ purposes: { care: 1 } })] },
      { assignments: [assignment({ role: "locum" })] },
      { assignments: [assignment({ role: "locum", valid_until: null })] },
      { assignments: [assignment({ valid_until: new Date(Date.now() - 1000).toISOString() })] },
      { assignments: [assignment(), assignment({ tenant: other })] },
    ]
    for (const over of refused) expect(await signed(over), JSON.stringify(over)).toMatch(/^(WK202|2\w{4})$/)
    for (const request of ["", "null", "[]", "1", "{", '"x"', "{}"])
      expect(await ask(request, sign("session", request)), request).toMatch(/^(WK202|2\w{4})$/)
  })

  it("with a doubled JSON key is read as it was signed, and mints nothing foreign", async () => {
    const twice = `${JSON.stringify(body()).slice(0, -1)},"actor":"root","assignments":[${JSON.stringify(assignment({ tenant: world.clinic.branches[2].clinic }))}]}`
    expect(await ask(twice, sign("session", twice))).toBe("WK202")
  })

  it("gives no token a longer life than its second factor, its end, or a day", async () => {
    const soon = new Date(Date.now() + 60_000)
    const request = (over: Record<string, unknown>) => issueBySql(world.adminUrl, world.clinic, [], body(over))
    const [short] = await request({
      ttl_seconds: 86_400,
      assignments: [assignment({ valid_until: soon.toISOString() })],
    })
    expect(short?.valid_until.getTime()).toBeLessThanOrEqual(soon.getTime())
    const mfa = new Date(Date.now() - 11.5 * 3_600_000)
    const [stale] = await request({ ttl_seconds: 86_400, mfa_at: mfa.toISOString() })
    expect(stale?.valid_until.getTime()).toBeLessThanOrEqual(mfa.getTime() + 12 * 3_600_000)
  })

  it("gives a token that begins later nothing until then", async () => {
    const later = new Date(Date.now() + 60_000).toISOString()
    const [grant] = await issueBySql(
      world.adminUrl,
      world.clinic,
      [],
      body({ assignments: [assignment({ valid_from: later })] }),
    )
    await withApp(world, async (client) => {
      await client.query("begin")
      await enterBySql(client, grant!)
      expect(await codeAfter(read(client))).toBe("WK102")
      await client.query("rollback")
    })
  })

  it("of a retired key is refused, and its sessions end when asked", async () => {
    const secret = randomBytes(32)
    const owner = world.clinic.logins.app.user.replace(/app$/, "owner")
    await asSuperuser(world.adminUrl, async (admin) => {
      await admin.query(`set role ${owner}`)
      await admin.query("select wardkeep.add_key('k009', $1)", [secret])
    })
    const request = JSON.stringify(body())
    const rows = await asSuperuser(world.issuerUrl, async (issuer) => {
      const result = await issuer.query<Grant>("select * from wardkeep.issue_session($1, 'k009', $2)", [
        request,
        sign("session", request, secret),
      ])
      return result.rows
    })
    await asSuperuser(world.adminUrl, async (admin) => {
      await admin.query(`set role ${owner}`)
      await admin.query("select wardkeep.retire_key('k009', true)")
    })
    await withApp(world, async (client) => {
      await client.query("begin")
      await enterBySql(client, rows[0]!)
      expect(await codeAfter(read(client))).toBe("WK102")
      await client.query("rollback")
    })
    const next = JSON.stringify(body())
    expect(await ask(next, sign("session", next, secret), { kid: "k009" })).toBe("WK202")
  })

  it("is all that the issuer's login is for: it reads no table and mints nothing by itself", async () => {
    await asSuperuser(world.issuerUrl, async (issuer) => {
      for (const text of [
        "select * from public.patient",
        "select * from wardkeep.token",
        "select * from wardkeep.signing_key",
        "select wardkeep.add_key('evil', sha256('x'))",
        "select wardkeep.authentic_request('{}', 'k001', '', 'session')",
        "select wardkeep.mint('k001', null)",
        `set role ${world.grants.doctor.db_role}`,
      ])
        expect(await codeAfter(issuer.query(text)), text).toBe("42501")
    })
  })
})

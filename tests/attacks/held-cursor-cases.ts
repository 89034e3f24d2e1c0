import { createIssuer, createWardkeep, type Issuer, type Session, type Wardkeep } from "@wardkeep/postgres"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { canary } from "#tests/fixture/clinic.ts"
import { inContext } from "#tests/fixture/token.ts"
import type { UsedDatabase } from "#tests/harness/src/use-database.ts"
import { codeOf, makeWorld, type Strategy, type World } from "./world.ts"

const declared = "declare loot cursor with hold for select * from patient"
const texts = [declared, "fetch all from loot", "move 1 in loot", "close loot"]
/** What a SELECT can do with a cursor, or with a text that makes one. */
const selects = [
  `select query_to_xml('${declared}', true, true, '')`,
  "select query_to_xml('fetch all from loot', true, true, '')",
  "select cursor_to_xml('loot', 1000, true, true, '')",
  "select cursor_to_xmlschema('loot', true, true, '')",
  "select * from ts_stat('fetch all from loot')",
]

/** Every way of the client to send a text. */
const ways: Readonly<Record<string, (wk: Wardkeep, text: string) => Promise<unknown>>> = {
  query: async (wk, text) => (await wk.query(text)).rows,
  "a transaction": async (wk, text) => await wk.tx(async (q) => (await q.query(text)).rows),
  "the pool": async (wk, text) => (await wk.pool.query(text)).rows,
  "a client of the pool in a transaction": async (wk, text) => {
    const client = await wk.pool.connect()
    try {
      await client.query("begin")
      const { rows } = await client.query(text)
      await client.query("commit")
      return rows
    } finally {
      client.release()
    }
  },
  stream: async (wk, text) => {
    const rows: unknown[] = []
    for await (const row of wk.stream(text)) rows.push(row)
    return rows
  },
  copyOut: async (wk, text) => {
    const chunks: Buffer[] = []
    for await (const chunk of wk.copyOut(text)) chunks.push(chunk)
    return String(Buffer.concat(chunks))
  },
}

/** A cursor WITH HOLD outlives its transaction and belongs to the connection: whoever comes next could fetch from it. */
export function heldCursors(database: UsedDatabase, strategy: Strategy, pooler = false): void {
  describe(`a cursor held over the end of a transaction, ${strategy}`, () => {
    let world: World
    let issuer: Issuer
    let wk: Wardkeep
    let maker: Session
    let next: Session

    beforeAll(async () => {
      world = await makeWorld(database, strategy)
      const { clinic } = world
      const pool = { connectionString: database.url(clinic.logins.issuer), max: 1 }
      issuer = createIssuer({ pool, keyId: clinic.key.id, key: clinic.key.secret })
      // One connection: what one tenant leaves there, the next one meets.
      wk = createWardkeep({ pool: { connectionString: world.appUrl, max: 1 }, policy: clinic.policy, pooler })
      const session = (branch: 0 | 2): Promise<Session> => {
        const { clinic: tenant, branch: id } = clinic.branches[branch]
        const assignments = [{ tenant, branches: [id], role: "doctor", purposes: ["care"] }]
        return issuer.issueSession({ actor: `doctor-${branch}`, mfaAt: new Date(), ttl: "PT1H", assignments })
      }
      maker = await session(0)
      next = await session(2)
    })
    afterAll(async () => {
      await wk?.close()
      await issuer?.close()
    })

    const cursors = async (): Promise<unknown> =>
      await wk.run(next, async () => (await wk.query("select name from pg_cursors where name <> ''")).rows)
    const outcome = async (session: Session, way: keyof typeof ways, text: string): Promise<string> =>
      await wk.run(session, async () => await ways[way]!(wk, text).then((rows) => JSON.stringify(rows), codeOf))

    it.each(Object.keys(ways))("is neither made nor fetched through %s", async (way) => {
      for (const text of texts) expect(await outcome(maker, way, text), text).toBe("WK108")
      for (const text of selects) expect(await outcome(maker, way, text), text).toMatch(/^(0A000|34000|42P11|WK108)$/)
      expect(await cursors()).toEqual([])
      for (const text of [...texts, ...selects])
        expect(await outcome(next, way, text), text).toMatch(/^(0A000|34000|42P11|WK108)$/)
    })

    it("is the connection's and not the tenant's in PostgreSQL itself: the reason for the refusals", async () => {
      const login = new pg.Client({ connectionString: world.appUrl })
      await login.connect()
      try {
        await inContext(
          login,
          world.grants.doctor,
          async () => await login.query(declared.replace("patient", "public.patient")),
        )
        const fetched = async (): Promise<string> => JSON.stringify((await login.query("fetch all from loot")).rows)
        const seen = await inContext(login, world.grants.foreigner, fetched)
        expect(seen).toContain(canary(0))
        expect(seen).not.toContain(canary(1))
        expect(seen).not.toContain(canary(2))
      } finally {
        if (!pooler) await login.end()
        else await whileLeft(login)
      }
    })

    /** The pooler keeps the server's connection, and the cursor on it, when the login goes. */
    async function whileLeft(login: pg.Client): Promise<void> {
      await inContext(login, world.grants.doctor, async () => {
        await login.query("close loot")
        await login.query(declared.replace("patient", "public.patient"))
      })
      try {
        expect(await cursors()).toEqual([{ name: "loot" }])
        for (const way of Object.keys(ways))
          for (const text of [...texts, ...selects]) expect(await outcome(next, way, text), text).toBe("WK108")
      } finally {
        await login.query("close all")
        await login.end()
      }
    }
  })
}

import { setImmediate as nextTurn } from "node:timers/promises"
import { parsePolicy } from "@wardkeep/core"
import { createIssuer, createWardkeep, type Issuer, type Session, type Wardkeep } from "@wardkeep/postgres"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { hiddenForms } from "#tests/fixture/hidden-forms.ts"
import { namedStatements } from "#tests/fixture/hidden-names.ts"
import { unseenForms } from "#tests/fixture/hidden-shown.ts"
import { document, type Host, installHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { databaseRole } from "../../compile/actors.js"

const database = useDatabase()
const key = { id: "k001", secret: Buffer.alloc(32, 7) }
const key3 = "primary key (clinic_id, branch_id, id)"
const schema = `
create domain stated as text not null;
create table clinic (id text primary key);
create table branch (id text primary key, clinic_id text not null references clinic);
create table patient (clinic_id text not null, branch_id text not null, id int not null, name text, phone varchar(20), meta jsonb, born date, ${key3});
create table contact (clinic_id text not null, branch_id text not null, id int not null, phone text, ${key3});
insert into clinic values ('a');
insert into branch values ('a1', 'a');
insert into patient values ('a', 'a1', 1, 'Asha', 'p1', '{}', '2000-01-01'), ('a', 'a1', 2, 'Ravi', 'p2', '[1]', null);
insert into contact values ('a', 'a1', 1, 'p1'), ('a', 'a1', 3, 'p3')`
const shown = ["clinic_id", "branch_id", "id", "name"]
const desk = {
  purposes: ["care"],
  can: { patient: { read: shown, create: ["id", "name"], update: ["name"], delete: true }, contact: "manage" },
}
const doc = document({
  tables: { patient: { scope: "branch" }, contact: { scope: "branch" } },
  roles: { desk, doctor: { purposes: ["care"], can: { patient: "manage", contact: "manage" } } },
})

let host: Host
let issuer: Issuer
let wk: Wardkeep
let session: Session
let doctor: Session
let schemaName: string

beforeAll(async () => {
  host = await installHost(database.ownerUrl, schema, doc)
  await host.asOwner((owner) => owner.query("select wardkeep.add_key($1, $2)", [key.id, key.secret]))
  await host.apply()
  issuer = createIssuer({
    pool: { connectionString: withLogin(database.adminUrl, host.logins.issuer), max: 1 },
    keyId: key.id,
    key: key.secret,
  })
  wk = createWardkeep({
    pool: { connectionString: withLogin(database.adminUrl, host.logins.app), max: 2 },
    policy: host.policy,
  })
  const sign = (role: string): Promise<Session> =>
    issuer.issueSession({ actor: role, ttl: "PT1H", assignments: [{ tenant: "a", branches: ["a1"], role }] })
  session = await sign("desk")
  doctor = await sign("doctor")
  const actor = host.policy.actors.find(({ name }) => name === "desk")
  schemaName = databaseRole(host.policy, actor!)
})
afterAll(async () => {
  await wk.close()
  await issuer.close()
})

/** Of each form its own text under the role's schema; whatever a form writes is undone. */
const textOf = (text: string): string => text.replaceAll('"schema of the role as long as this".', `"${schemaName}".`)
const undone = new Error("undone")
const tried = async (text: string, values: readonly unknown[] = [], as = session): Promise<unknown> => {
  try {
    await wk.run(as, () =>
      wk.tx(async (q) => {
        await q.query(textOf(text), values)
        throw undone
      }),
    )
    return undefined
  } catch (error) {
    return error
  }
}
const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => "answered",
    (error: { code?: string }) => error.code,
  )

describe("a column that the role's view hides", () => {
  it.each(hiddenForms)("$form: $text", async ({ text, values, refused }) => {
    // Twice: what was asked of the server, and what was kept.
    for (const _ of ["cold", "warm"]) {
      const error = await tried(text, values)
      if (refused === undefined) expect(error).toBe(undone)
      else {
        expect(error).toMatchObject({ code: "WK117" })
        expect(String(error)).toContain(`public.patient.${refused} is hidden from the role desk`)
      }
    }
  })

  it.each(hiddenForms)("a role that sees it may: $form", async ({ text, values }) => {
    if (text.includes("schema of the role as long as this")) return
    const error = await tried(text, values, doctor)
    expect((error as { code?: string }).code).not.toBe("WK117")
  })

  it.each(unseenForms)("is not seen, and answers NULL: $form", async ({ text }) => {
    expect(await tried(text)).toBe(undone)
  })

  it("is told from other names, however they are quoted", async () => {
    const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? Date.now() % 2 ** 31)
    const tally = { refused: 0, shown: 0 }
    const property = fc.asyncProperty(namedStatements, async ({ text, refused }) => {
      const error = await tried(text)
      if (refused) expect(error).toMatchObject({ code: "WK117" })
      else expect(error).toBe(undone)
      tally[refused ? "refused" : "shown"]++
    })
    await fc.assert(property, { seed, numRuns: 120 })
    console.log(`seed ${seed}: ${tally.refused} refused, ${tally.shown} shown`)
    expect(Math.min(tally.refused, tally.shown)).toBeGreaterThan(20)
  })
})

describe("every way into the client", () => {
  const text = "select id from patient where phone is not null"

  it("refuses: a query, a stream, a download, an ORM's pool and its transaction", async () => {
    await wk.run(session, async () => {
      expect(await codeOf(wk.query(text))).toBe("WK117")
      expect(await codeOf(wk.query(text, [], { timeout: 5000 }))).toBe("WK117")
      expect(await codeOf(wk.stream(text).next())).toBe("WK117")
      expect(await codeOf(wk.copyOut(text).next())).toBe("WK117")
      expect(await codeOf(wk.pool.query(text))).toBe("WK117")
      const client = await wk.pool.connect()
      await client.query("begin")
      expect(await codeOf(client.query(text))).toBe("WK117")
      expect(await codeOf(client.query("select 1"))).toBe("25P02")
      await client.query("rollback")
      client.release()
    })
  })

  it("commits nothing that a refused statement wrote, awaited or not, and undoes a savepoint only", async () => {
    const add = (id: number) => `insert into contact (id, phone) values (${id}, 'new') returning id`
    const drop = (n: number) =>
      `delete from contact where id in (select id from patient where phone is null) and id <> ${n}`
    await wk.run(session, async () => {
      // Nobody knows these texts yet: both are asked about while they run.
      expect(await codeOf(wk.tx(async (q) => void q.query(drop(1)).catch(() => undefined)))).toBe("WK103")
      const kept = wk.tx(async (q) => {
        await q.query(add(50))
        expect(await codeOf(wk.tx((inner) => inner.query(drop(2))))).toBe("WK117")
        return await q.query(add(51))
      })
      expect((await kept).rows).toEqual([{ id: 51 }])
      const { rows } = await wk.query("select id from contact order by id")
      expect(rows).toEqual([1, 3, 50, 51].map((id) => ({ id })))
    })
  })
})

describe("what is asked of the server beside a call", () => {
  const add = "insert into contact (id, phone) select $1::int, 'late' from patient where patient.id = 1 returning id"
  const active = "select from pg_stat_activity where usename = $1 and state = 'active'"

  it("sends nothing for a caller who was told that the time is over", async () => {
    await host.asOwner(async (owner) => {
      await owner.query("begin")
      await owner.query("lock table public.patient in access exclusive mode")
      const told = wk.run(session, () => wk.query(add, [60], { timeout: 200 }))
      expect(await codeOf(told)).toBe("WK111")
      await owner.query("rollback")
    })
    expect((await wk.run(session, () => wk.query(add, [61]))).rows).toEqual([{ id: 61 }])
    await connected(database.adminUrl, async (admin) => {
      await expect.poll(async () => (await admin.query(active, [host.logins.app.user])).rowCount).toBe(0)
      const { rows } = await admin.query("select id from contact where phone = 'late'")
      expect(rows).toEqual([{ id: 61 }])
    })
  })

  it("asks once where many ask the same at once", async () => {
    const text = "select name from patient where id = $1 and 'many' <> ''"
    const asking = "select from pg_stat_activity where usename = $1 and wait_event_type = 'Lock' and query ~ 'many'"
    await host.asOwner(async (owner) => {
      await owner.query("begin")
      await owner.query("lock table public.patient in access exclusive mode")
      const asked = Array.from({ length: 20 }, () => wk.run(session, () => wk.query(text, [1])))
      await connected(database.adminUrl, async (admin) => {
        const waiting = async () => (await admin.query(asking, [host.logins.app.user])).rowCount
        await expect.poll(waiting).toBe(1)
        await nextTurn()
        expect(await waiting()).toBe(1)
      })
      await owner.query("rollback")
      for (const { rows } of await Promise.all(asked)) expect(rows).toEqual([{ name: "Asha" }])
    })
  })

  it("asks again for the others where whoever asked first got no answer", async () => {
    const text = "select id from patient where phone = 'first' and id > $1"
    const asking = `from pg_stat_activity where usename = $1 and wait_event_type = 'Lock' and query ~ 'first'`
    await host.asOwner(async (owner) => {
      await owner.query("begin")
      await owner.query("lock table public.patient in access exclusive mode")
      const asked = Array.from({ length: 3 }, () => codeOf(wk.run(session, () => wk.query(text, [0]))))
      await connected(database.adminUrl, async (admin) => {
        const user = [host.logins.app.user]
        const waiting = async () => (await admin.query(`select ${asking}`, user)).rowCount
        await expect.poll(waiting).toBe(1)
        await admin.query(`select pg_cancel_backend(pid) ${asking}`, user)
        expect(await asked[0]).toBe("57014")
        await expect.poll(waiting).toBeGreaterThan(0)
      })
      await owner.query("rollback")
      expect(await Promise.all(asked)).toEqual(["57014", "WK117", "WK117"])
    })
  })

  it("leaves no rejection that nobody hears, where a value cannot be sent", async () => {
    const round = { self: {} }
    round.self = round
    const text = "select id from patient where phone = $1 and id > 0"
    const unheard: unknown[] = []
    const hear = (error: unknown) => unheard.push(error)
    process.on("unhandledRejection", hear)
    const ways = [() => wk.query(text, [round]), () => wk.tx((q) => q.query(text, [round]))]
    for (const way of ways) await expect(wk.run(session, way)).rejects.toThrow(/circular/)
    // Asked after those, and answered after them.
    for (const _ of ways) expect(await codeOf(wk.run(session, () => wk.query(text, ["x"])))).toBe("WK117")
    await nextTurn()
    process.off("unhandledRejection", hear)
    expect(unheard).toEqual([])
  })

  it("lets a statement pass as soon as the column is shown, without a new client", async () => {
    const text = "select id from patient where phone is not null order by id"
    const ask = () => wk.run(session, () => wk.query(text))
    expect(await codeOf(ask())).toBe("WK117")
    const wider = { ...desk, can: { ...desk.can, patient: { ...desk.can.patient, read: [...shown, "phone"] } } }
    await host.apply(parsePolicy({ ...doc, roles: { ...Object(doc.roles), desk: wider } }))
    expect((await ask()).rows).toEqual([{ id: 1 }, { id: 2 }])
  })
})

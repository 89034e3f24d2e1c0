import { beforeAll, describe, expect, it } from "vitest"
import { canary } from "#tests/fixture/clinic.ts"
import { enterBySql, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { Attacker, asSuperuser, errorText, makeWorld, type World } from "./world.ts"

/** The part of the driver's connection that speaks single protocol messages. */
interface Wire extends NodeJS.EventEmitter {
  parse(message: { name?: string; text: string }): void
  bind(message: { portal?: string; statement?: string }): void
  execute(message: { portal?: string }): void
  sync(): void
}

async function messages(wire: Wire, send: () => void): Promise<string> {
  const answers: string[] = []
  const complete = (message: { text: string }): number => answers.push(message.text)
  const failed = (message: { code: string }): number => answers.push(message.code)
  wire.on("commandComplete", complete).on("errorMessage", failed)
  const ready = new Promise((resolve) => wire.once("readyForQuery", resolve))
  send()
  wire.sync()
  await ready
  wire.off("commandComplete", complete).off("errorMessage", failed)
  return answers.join()
}

/** What PostgreSQL tells everybody. It cannot be taken away, so it is measured here and written in the threat model. */
describe("what remains by nature", () => {
  const database = useDatabase()
  let world: World

  beforeAll(async () => {
    world = await makeWorld(database, "portable")
  })

  const asDoctor = async (sql: readonly string[]): Promise<string> => {
    const attacker = new Attacker(world.appUrl)
    await attacker.connect()
    try {
      await attacker.enter(world, "doctor")
      for (const text of sql) await attacker.query(text).catch((error: unknown) => attacker.seen.push(errorText(error)))
    } finally {
      await attacker.client.query("rollback")
      await attacker.end()
    }
    return attacker.seen.join("\n")
  }

  it("EXPLAIN ANALYZE counts rows of others that a scan passed over, and prints none of them", async () => {
    const seen = await asDoctor([
      "set local enable_indexscan = off",
      "set local enable_bitmapscan = off",
      "explain analyze select * from public.patient",
    ])
    expect(seen).toMatch(/Rows Removed by Filter: 10/)
    for (const branch of [1, 2]) expect(seen).not.toContain(canary(branch))
  })

  it("the planner's estimate and the size of a table count everybody's rows", async () => {
    const seen = await asDoctor(["select reltuples::int as n from pg_class where relname = 'patient'"])
    expect(seen).toContain('"n":15')
  })

  it("the own token can be read by SQL in its context: a bearer token, worth its own branch and role", async () => {
    expect(await asDoctor(["select current_setting('wardkeep.token')"])).toContain(world.grants.doctor.token)
  })

  it("a look-up that is rolled back leaves no record", async () => {
    const attacker = new Attacker(world.appUrl)
    await attacker.connect()
    await attacker.query("begin")
    await attacker.query("select * from wardkeep_lookup.staff_by_email('x')")
    await attacker.query("rollback")
    await attacker.end()
    const { rows } = await asSuperuser(world.adminUrl, (a) =>
      a.query("select 1 from wardkeep.activity where kind = 'lookup'"),
    )
    expect(rows).toEqual([])
  })

  it("sessions of the same login can end each other, and lose nothing but the connection", async () => {
    const victim = new Attacker(world.appUrl)
    await victim.connect()
    await victim.enter(world, "foreigner")
    const { rows } = await victim.client.query<{ pid: number }>("select pg_backend_pid() as pid")
    const attacker = new Attacker(world.appUrl)
    await attacker.connect()
    await attacker.query(`select pg_terminate_backend(${rows[0]?.pid}, 5000)`)
    await attacker.end()
    const after = await victim.query("select 1").then(
      () => "alive",
      () => "ended",
    )
    expect(after).toBe("ended")
    await victim.end().catch(() => undefined)
    expect(attacker.seen.join()).not.toContain(canary(2))
  })

  it("a session may change itself and its login: kinds of statement are the client's to decide", async () => {
    const poisoned = new Attacker(world.appUrl)
    await poisoned.connect()
    await poisoned.enter(world, "doctor")
    await poisoned.query("prepare wk_1 as select full_name from public.patient")
    await poisoned.query("commit")
    // The next tenant on this session runs the attacker's text, in the tenant's own context: the attacker sees nothing.
    await poisoned.client.query("begin")
    await enterBySql(poisoned.client, world.grants.foreigner)
    const { rows } = await poisoned.client.query<{ full_name: string }>("execute wk_1")
    await poisoned.client.query("rollback")
    await poisoned.end()
    expect(rows.every((row) => row.full_name.includes(canary(2)))).toBe(true)
  })

  it("DROP OWNED of a role by itself takes its rights away below the security floor; nothing opens", async () => {
    const seen = await asDoctor([
      `drop owned by ${world.grants.doctor.db_role}`,
      "select * from public.patient",
      "select * from public.note",
    ])
    for (const branch of [1, 2]) expect(seen).not.toContain(canary(branch))
  })

  it("a portal bound under one role and run under another borrows column rights, never rows of another branch", async () => {
    const { reception, doctor } = world.grants
    const attacker = new Attacker(world.appUrl)
    await attacker.connect()
    await attacker.enter(world, "reception")
    const { connection } = attacker.client as unknown as { connection: Wire }
    const text = `with s as materialized (select set_config('role', '${reception.db_role}', true) as x)
      update public.patient p set hiv_status = 'x' from s where s.x is not null`
    await messages(connection, () => {
      connection.parse({ name: "s1", text })
      connection.bind({ portal: "p1", statement: "s1" })
    })
    await messages(connection, () => {
      connection.parse({ text: `set local role ${doctor.db_role}` })
      connection.bind({})
      connection.execute({})
    })
    const answer = await messages(connection, () => connection.execute({ portal: "p1" }))
    await attacker.client.end()
    // Five rows are the attacker's branch. It takes the protocol itself: no SQL text can bind a portal.
    expect(answer).toBe("UPDATE 5")
  })

  it("a large object belongs to a role, not to a branch", async () => {
    const foreigner = new Attacker(world.appUrl)
    await foreigner.connect()
    await foreigner.enter(world, "foreigner")
    const text = "convert_to(min(full_name), 'UTF8')"
    const { rows } = await foreigner.client.query<{ id: number }>(
      `select lo_from_bytea(0, ${text}) as id from public.patient`,
    )
    await foreigner.query("commit")
    await foreigner.end()
    try {
      const seen = await asDoctor(["select convert_from(lo_get(oid), 'UTF8') from pg_largeobject_metadata"])
      expect(seen).toContain(canary(2))
    } finally {
      await asSuperuser(world.adminUrl, (admin) => admin.query("select lo_unlink($1)", [rows[0]?.id]))
    }
  })

  it("a snapshot that was exported carries a revoked token into later transactions, as long as its maker holds it", async () => {
    const { clinic, branch } = world.clinic.branches[1]
    const asked = [{ role: "doctor", tenant: clinic, branches: [branch], purposes: ["care"] }]
    const [grant] = await issueBySql(world.adminUrl, world.clinic, asked)
    const [maker, later] = [new Attacker(world.appUrl), new Attacker(world.appUrl)]
    await Promise.all([maker.connect(), later.connect()])
    await maker.client.query("begin isolation level repeatable read")
    const { rows } = await maker.client.query<{ id: string }>("select pg_export_snapshot() as id")
    await asSuperuser(world.issuerUrl, (q) => q.query("select wardkeep.end_session($1, 'left')", [grant?.session_id]))
    const read = async (snapshot: string): Promise<string> => {
      await later.client.query(`begin isolation level repeatable read; ${snapshot}`)
      await enterBySql(later.client, grant!)
      const answer = await later.query("select * from public.patient").then(String, errorText)
      await later.client.query("rollback")
      return answer
    }
    expect(await read(`set transaction snapshot '${rows[0]?.id}'`)).toBe("5")
    await maker.client.query("rollback")
    expect(await read("select 1")).toContain("WK102")
    await Promise.all([maker.end(), later.end()])
  })

  it("a foreign key answers the same for a foreign row and for none", async () => {
    const answer = async (patient: string): Promise<string> =>
      (
        await asDoctor([
          `insert into public.visit (id, patient_id, reason) values ('00000000-0000-4000-8000-000000000001', '${patient}', 'x')`,
        ])
      )
        .split("\n")
        .at(-1)!
        .replaceAll(patient, "ID")
    const none = await answer("00000000-0000-4000-8000-000000000002")
    expect(none).toContain("23503")
    expect(await answer(world.keys[1].patient)).toBe(none)
    expect(await answer(world.keys[2].patient)).toBe(none)
  })
})

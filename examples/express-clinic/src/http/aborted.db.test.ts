import { once } from "node:events"
import { connect } from "node:net"
import { useDatabase } from "@wardkeep/harness/use-database"
import pg from "pg"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { Browser } from "../demo/browser.js"
import { makeOracle } from "../demo/oracle.js"
import { clinicTemplate, openClinic, type TestClinic } from "../testing/open-clinic.js"

const database = useDatabase({ template: clinicTemplate })
/** As many as the application has connections, so that who comes next must get one of those. */
const connections = 8
let clinic: TestClinic
let reception: Browser
let elsewhere: Browser
let admin: pg.Client
/** A session of its own: inside one transaction pg_stat_activity stays as it was first read. */
let holder: pg.Client

beforeAll(async () => {
  clinic = await openClinic(database)
  reception = await clinic.signIn(clinic.people.reception)
  elsewhere = await clinic.signIn(clinic.people.doctorElsewhere)
  admin = new pg.Client({ connectionString: database.adminUrl })
  holder = new pg.Client({ connectionString: database.adminUrl })
  await Promise.all([admin.connect(), holder.connect()])
})
afterAll(async () => {
  await Promise.all([admin.end(), holder.end()])
  await clinic.close()
})

const body = (name: string): string => JSON.stringify({ full_name: name, phone: "+919812300009", sex: "female" })

/** A socket on which a request was written, or the beginning of one. */
async function written(browser: Browser, line: string, text = "", length = text.length) {
  const { port } = new URL(clinic.origin)
  const socket = connect(Number(port), "127.0.0.1")
  socket.on("error", () => undefined)
  await once(socket, "connect")
  const headers = ["host: clinic", `cookie: ${browser.cookie}`, "content-type: application/json"]
  const all = length === 0 ? headers : [...headers, `content-length: ${length}`]
  socket.write(`${line} HTTP/1.1\r\n${all.join("\r\n")}\r\n\r\n${text}`)
  return socket
}

const states = async (state: string): Promise<number> => {
  const text = "select from pg_stat_activity where usename = 'wk_demo_app' and datname = current_database() and "
  return (await admin.query(text + state)).rowCount ?? 0
}

async function expectAllFree(): Promise<void> {
  const { pool } = clinic.wk
  await expect.poll(() => [pool.idleCount, pool.waitingCount]).toEqual([pool.totalCount, 0])
  await expect.poll(() => states("state <> 'idle'")).toBe(0)
  expect(pool.totalCount).toBeLessThanOrEqual(connections)
}

/** What somebody of another clinic gets: their own patients and nothing else. */
async function expectOwn(reply: Awaited<ReturnType<Browser["send"]>>): Promise<void> {
  expect(reply.status).toBe(200)
  expect((reply.body.patients as unknown[]).length).toBeGreaterThan(0)
  const { branches } = clinic.people.doctorElsewhere
  expect(makeOracle(clinic.world).find(reply.text, branches, [])).toBeUndefined()
  expect(reply.text).not.toMatch(/Cut Short|Left Alone/)
}

test("callers who hang up while their statements wait give every connection back, and the next person sees their own rows", async () => {
  // What is not known of a text is asked once for everybody who waits for it; of these it is known, and each waits by itself.
  expect((await reception.send("GET", "/patients")).status).toBe(200)
  expect((await reception.send("POST", "/patients", JSON.parse(body("Left Alone")))).status).toBe(201)
  await holder.query("begin")
  await holder.query("lock table public.patient in access exclusive mode")
  let next: Promise<Awaited<ReturnType<Browser["send"]>>>[]
  try {
    const post = (n: number) => written(reception, "POST /patients", body(`Left Alone ${n}`))
    const gone = await Promise.all(
      Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? post(n) : written(reception, "GET /patients"))),
    )
    await expect.poll(() => states("wait_event_type = 'Lock'"), { timeout: 20_000 }).toBe(connections)
    for (const socket of gone) socket.destroy()
    next = Array.from({ length: 10 }, () => elsewhere.send("GET", "/patients"))
  } finally {
    await holder.query("rollback")
  }
  for (const reply of await Promise.all(next)) await expectOwn(reply)
  await expectAllFree()
  const { rows } = await admin.query("select distinct branch_id from public.patient where full_name like 'Left Alone%'")
  expect(rows).toEqual([{ branch_id: clinic.people.reception.branches[0]!.id }])
})

test("a request that is cut off in its body or its head is never run, and the next person sees their own rows", async () => {
  const whole = body("Cut Short")
  const cut = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      n % 2 === 0
        ? written(reception, "POST /patients", whole.slice(0, 40), whole.length)
        : written(reception, "POST /patients", whole, whole.length + 1),
    ),
  )
  const next = Array.from({ length: 10 }, () => elsewhere.send("GET", "/patients"))
  for (const socket of cut) socket.destroy()
  for (const reply of await Promise.all(next)) await expectOwn(reply)
  await expectAllFree()
  expect((await admin.query("select from public.patient where full_name = 'Cut Short'")).rowCount).toBe(0)
})

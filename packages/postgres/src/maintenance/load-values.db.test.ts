import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Clinic, installClinic, withLogin } from "#tests/fixture/clinic.ts"
import { asTableOwner } from "#tests/fixture/migrator.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { load } from "../migrate/index.js"

const database = useDatabase()
let clinic: Clinic
let migrator: pg.Client
let admin: pg.Client

const types = {
  bytes: "bytea",
  scan: "scan",
  pages: "bytea[]",
  at: "timestamptz",
  wall: "timestamp",
  born: "date",
  big: "bigint",
  num: "double precision",
  flag: "boolean",
  text: "text",
  tags: "text[]",
  grid: "integer[]",
  times: "timestamptz[]",
  doc: "jsonb",
  docs: "jsonb[]",
  plain: "json",
}
type Column = keyof typeof types

beforeAll(async () => {
  clinic = await installClinic(database.ownerUrl)
  const columns = Object.entries(types).map(([name, type]) => `add column v_${name} ${type}`)
  await asTableOwner(database.adminUrl, clinic, (owner) =>
    owner.query(
      `create domain scan as bytea check (octet_length(value) > 0); alter table patient ${columns.join(", ")}`,
    ),
  )
})

beforeAll(async () => {
  migrator = new pg.Client({ connectionString: withLogin(database.adminUrl, clinic.logins.migrator) })
  admin = new pg.Client({ connectionString: database.adminUrl })
  await migrator.connect()
  await admin.connect()
})

afterAll(async () => {
  await migrator.end()
  await admin.end()
})

let counter = 0

/** Loads one row with the value in one column, and returns what a query of `pg` gives back. */
async function loaded(column: Column, value: unknown): Promise<unknown> {
  const [{ clinic: tenant, branch }] = clinic.branches
  const name = `row ${counter++}`
  const columns = ["clinic_id", "branch_id", "full_name", `v_${column}`]
  const rows = [[tenant, branch, name, value]]
  await load({ client: migrator, policy: clinic.policy, table: "patient", columns, rows, reason: "import" })
  const sql = `select v_${column} as v from patient where full_name = $1`
  return (await admin.query<{ v: unknown }>(sql, [name])).rows[0]?.v
}

describe("what load reads back as it was given", () => {
  const bytes = Buffer.from([0, 1, 2, 9, 10, 13, 92, 255])
  const time = new Date("2026-11-24T18:29:59.123Z")
  const day = new Date(2026, 10, 24)
  it.each<[string, Column, unknown, unknown?]>([
    ["a Buffer", "bytes", bytes],
    ["an empty Buffer", "bytes", Buffer.alloc(0)],
    [
      "a Uint8Array that is a view",
      "bytes",
      new Uint8Array(bytes.buffer, bytes.byteOffset + 1, 3),
      bytes.subarray(1, 4),
    ],
    ["a Buffer in a domain over bytea", "scan", bytes],
    ["an array of Buffers", "pages", [bytes, null, Buffer.alloc(0)]],
    ["a Date", "at", time],
    ["a Date without a zone", "wall", time],
    ["a Date for a day", "born", day],
    ["a Date before Christ", "at", new Date("-000044-03-15T12:00:00.000Z")],
    ["a bigint", "big", 9_007_199_254_740_993n, "9007199254740993"],
    ["a number", "num", -1.5e-300],
    ["NaN", "num", Number.NaN],
    ["infinity", "num", Number.NEGATIVE_INFINITY],
    ["true", "flag", true],
    ["false", "flag", false],
    ["null", "flag", null],
    ["undefined", "text", undefined, null],
    ["a text with all that COPY escapes", "text", 'a\tb\nc\rd\\N "quoted" {x,y} श्याम'],
    ["an empty text", "text", ""],
    ["a text that looks like null", "text", "\\N"],
    ["an array of texts", "tags", ["a,b", 'c"d', "e\\f", "NULL", "", null, "g\nh"]],
    ["an empty array", "tags", []],
    [
      "an array of arrays",
      "grid",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["an array of Dates", "times", [time, null]],
    ["a plain object", "doc", { a: [1, { b: null }], c: "x\\y\n" }],
    ["an object without a prototype", "doc", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ["an array for JSON", "doc", [1, "two", { three: 3 }]],
    ["an empty array for JSON", "plain", []],
    ["a Date inside JSON", "doc", { at: time }, { at: time.toISOString() }],
    ["an array of objects", "docs", [{ a: 1 }, { b: [2] }]],
    ["what says itself how to be sent", "text", { toPostgres: () => "said" }, "said"],
    ["what says it in two steps", "text", { toPostgres: () => ({ toPostgres: () => "said" }) }, "said"],
    ["what is sent as bytes", "bytes", { toPostgres: () => bytes }, bytes],
    ["what is sent as an object for JSON", "doc", { toPostgres: () => ({ a: 1 }) }, { a: 1 }],
    ["what is sent as null", "text", { toPostgres: () => undefined }, null],
    ["an array of what says how to be sent", "tags", [{ toPostgres: () => 'a"b' }], ['a"b']],
    ["an array of what is sent as bytes", "pages", [{ toPostgres: () => bytes }], [bytes]],
    ["a text with a character of two halves", "text", "\u{1f9d1}\u200d\u{2695}"],
    ["a half of a character inside JSON, escaped", "plain", { a: "\ud83e" }],
  ])("%s", async (_, column, value, expected = value) => {
    expect(await loaded(column, value)).toEqual(expected)
  })
})

describe("what load refuses", () => {
  class Money {
    paise = 100
  }
  const circle: Record<string, unknown> = {}
  circle.self = circle
  const itself = { toPostgres: (): unknown => itself }
  it.each<[string, Column, unknown]>([
    ["a Map", "doc", new Map([["a", 1]])],
    ["an instance of a class", "doc", new Money()],
    ["a symbol", "text", Symbol("x")],
    ["a function", "text", () => 1],
    ["a Date that is no time", "at", new Date("no")],
    ["bytes for a text", "text", Buffer.from("x")],
    ["bytes for JSON", "doc", Buffer.from("{}")],
    ["bytes inside JSON", "doc", { scan: Buffer.from("x") }],
    ["bytes inside an array of texts", "tags", [Buffer.from("x")]],
    ["a bigint inside JSON", "doc", { n: 1n }],
    ["NaN inside JSON", "doc", [Number.NaN]],
    ["a Map inside an array for JSON", "plain", [new Map()]],
    ["what contains itself", "doc", circle],
    ["an array for a text", "text", ["a"]],
    ["an array for bytes", "bytes", [1, 2]],
    ["a number for bytes", "bytes", 1],
    ["an object for bytes", "bytes", { type: "Buffer", data: [1] }],
    ["an ArrayBuffer", "bytes", new ArrayBuffer(2)],
    ["what is sent as bytes for a text", "text", { toPostgres: () => Buffer.from("a") }],
    ["what is sent as bytes in an array of texts", "tags", [{ toPostgres: () => Buffer.from("a") }]],
    ["what is sent as a number for bytes", "bytes", { toPostgres: () => 1 }],
    ["what is sent as an array for a text", "text", { toPostgres: () => ["a"] }],
    ["what is sent as itself", "text", itself],
    ["a half of a character", "text", "a\ud83e"],
    ["the other half", "text", "\udd21 b"],
    ["a half of a character in an array", "tags", ["a", "b\ud83e"]],
    ["a half of a character in a JSON text", "plain", '{"a":"\ud83e"}'],
  ])("%s, and keeps nothing", async (_, column, value) => {
    const before = await patients()
    const refusal = expect.stringMatching(
      new RegExp(`v_${column} of type .* cannot take a value of kind .*nothing was loaded`),
    )
    await expect(loaded(column, value)).rejects.toMatchObject({ code: "WK307", message: refusal })
    expect(await patients()).toEqual(before)
  })

  it("a row with fewer or more values than columns", async () => {
    const [{ clinic: tenant, branch }] = clinic.branches
    for (const row of [
      [tenant, branch],
      [tenant, branch, "a", "b"],
    ]) {
      const columns = ["clinic_id", "branch_id", "full_name"]
      const options = { policy: clinic.policy, table: "patient", columns, rows: [row], reason: "import" }
      await expect(load({ client: migrator, ...options })).rejects.toMatchObject({ code: "WK307" })
    }
  })
})

async function patients(): Promise<unknown> {
  return (await admin.query("select count(*) from patient")).rows
}

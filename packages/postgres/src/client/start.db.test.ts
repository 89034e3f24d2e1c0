import { describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { createWardkeep } from "./index.js"

const database = useDatabase()
const used = useClient(database)

const started = async (connectionString: string, options: object = {}): Promise<unknown> => {
  const wk = createWardkeep({ pool: { connectionString, max: 1 }, policy: used.clinic.policy, ...options })
  try {
    await wk.start()
    return undefined
  } catch (error) {
    return error
  } finally {
    await wk.close()
  }
}

describe("the start", () => {
  it("refuses logins that can go around the fence", async () => {
    expect(await started(database.adminUrl)).toMatchObject({ code: "WK003" })
    expect(await started(database.url(used.clinic.logins.migrator))).toMatchObject({ code: "WK003" })
  })

  it("says that the database cannot be reached, without the password", async () => {
    const url = new URL(database.url(used.clinic.logins.app))
    url.password = "not-the-password"
    url.port = "1"
    const error = await started(url.href)
    expect(error).toMatchObject({ code: "WK005" })
    expect(JSON.stringify(error) + String(error)).not.toContain("not-the-password")
  })

  it("warns of a server below the security floor, and refuses it in production unless waived", async () => {
    const lines: string[] = []
    const note = (fields: object): number => lines.push(JSON.stringify(fields))
    const log = { debug: note, info: note, warn: note, error: note }
    const url = database.url(used.clinic.logins.app)
    const below = [180007, 170012, 160016, 150020].every(
      (floor) =>
        Math.floor(floor / 10000) !== Math.floor(database.serverVersionNum / 10000) ||
        database.serverVersionNum < floor,
    )
    expect(await started(url, { log })).toBeUndefined()
    expect(lines.join().includes("WK004")).toBe(below)
    const production = await started(url, { production: true })
    if (below) expect(production).toMatchObject({ code: "WK004" })
    else expect(production).toBeUndefined()
    const waiver = { until: "2999-01-01", reason: "test server" }
    expect(await started(url, { production: true, securityFloorWaiver: waiver })).toBeUndefined()
  })

  it("is tried again after it failed", async () => {
    const url = new URL(database.url(used.clinic.logins.app))
    const wk = createWardkeep({
      pool: {
        host: url.hostname,
        port: Number(url.port),
        user: url.username,
        password: () => passwords.shift() ?? "",
        database: database.databaseName,
      },
      policy: used.clinic.policy,
    })
    const passwords = ["wrong", decodeURIComponent(url.password), decodeURIComponent(url.password)]
    const first = await wk.start().catch((error: unknown) => error)
    // A server that trusts the machine takes any password.
    if (first !== undefined) expect(first).toMatchObject({ code: "WK005" })
    await wk.start()
    await wk.close()
    await expect(wk.dangerouslyUtility("select 1")).resolves.toMatchObject({ rowCount: 1 })
  })

  it("refuses unknown options", () => {
    for (const options of [
      { maxTransaction: 0 },
      { statementTimeout: 1.5 },
      { shared: { connections: 0 } },
      { preparedStatements: "yes" },
    ])
      expect(() => used.make(options as never)).toThrowError(expect.objectContaining({ code: "WK009" }))
  })
})

describe("dangerouslyUtility", () => {
  it("runs one statement of any kind on a session that is gone afterwards", async () => {
    expect((await used.wk.dangerouslyUtility("show standard_conforming_strings")).rows).toEqual([
      { standard_conforming_strings: "on" },
    ])
    await used.wk.dangerouslyUtility("set work_mem = '1MB'")
    await expect(used.wk.dangerouslyUtility("select 1; select 2")).rejects.toMatchObject({ code: "42601" })
  })
})

describe("errors and logs", () => {
  it("carry no value of a row, no parameter and no token", async () => {
    const lines: unknown[] = []
    const note = (fields: object, message: string): number => lines.push([fields, message])
    const wk = used.make({ log: { debug: note, info: note, warn: note, error: note } })
    const caught: unknown[] = []
    await wk.run(used.doctor, async () => {
      for (const [text, values] of [
        ["select full_name::int from patient", []],
        ["select full_name::regclass from patient", []],
        ["select ($1::text)::int", ["my-secret-parameter"]],
        ["insert into patient (id, full_name) select id, full_name from patient", []],
        ["select query_to_xml(full_name, true, true, '') from patient", []],
      ] as const)
        caught.push(await wk.query(text, [...values]).catch((error: unknown) => error))
    })
    const everything = [...caught, ...lines]
      .map((each) => `${JSON.stringify(each)} ${each instanceof Error ? each.stack : ""} ${String(each)}`)
      .join("\n")
    expect(caught).toHaveLength(5)
    for (const error of caught) expect(error).toBeInstanceOf(Error)
    // A guess in the statement is not confirmed either, although its own text may be quoted.
    const names = await used.wk.run(used.doctor, async () =>
      (await used.wk.query<{ full_name: string }>("select full_name from patient")).rows.map((row) => row.full_name),
    )
    for (const cast of ["quote_ident(full_name)::regclass", "to_tsquery('simple', full_name)"]) {
      const text = `select ${cast} from patient /* ${names.join()} */`
      const error = await used.wk.run(used.doctor, () => used.wk.query(text)).catch((failure: unknown) => failure)
      expect(error, cast).toBeInstanceOf(Error)
      expect(String(error), cast).not.toContain("canary")
    }
    for (const secret of ["canary", "my-secret-parameter", used.doctor.grants[0]!.token])
      expect(everything).not.toContain(secret)
  })
})

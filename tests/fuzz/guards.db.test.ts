import { WardkeepError } from "@wardkeep/core"
import { createIssuer, createWardkeep, type Issuer, type Wardkeep } from "@wardkeep/postgres"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { type FuzzReport, fuzz } from "./engine.ts"
import { faults } from "./verdict.ts"
import { buildWorld, type World } from "./world.ts"

const database = useDatabase()
let world: World
let wk: Wardkeep
let issuer: Issuer

beforeAll(async () => {
  world = await buildWorld(database.ownerUrl, 5)
  const { key, logins } = world.clinic
  issuer = createIssuer({
    pool: { connectionString: database.url(logins.issuer), max: 2 },
    keyId: key.id,
    key: key.secret,
  })
  wk = createWardkeep({
    issuer,
    pool: { connectionString: withLogin(database.adminUrl, world.clinic.logins.app), max: 4 },
    policy: world.clinic.policy,
  })
})
afterAll(async () => {
  await wk.close()
  await issuer.close()
})

type Query = (text: string, values?: readonly unknown[]) => Promise<unknown>

/** The real client on the real server, with one fault of its own. */
function faulty(broken: (real: Query, text: string, values?: readonly unknown[]) => Promise<unknown>): Wardkeep {
  return replacing("query", (text: string, values?: readonly unknown[]) =>
    broken((...args) => wk.query(...args), text, values),
  )
}

function replacing(method: string, by: unknown): Wardkeep {
  return new Proxy(wk, {
    get: (target, name) => {
      if (name === method) return by
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === "function" ? value.bind(target) : value
    },
  })
}

const tried = async (client: Wardkeep, patience?: number, unitsOnly = true): Promise<FuzzReport> =>
  await fuzz({
    wk: client,
    world,
    seed: 7,
    statements: 800,
    concurrency: 40,
    adminUrl: database.adminUrl,
    unitsOnly,
    ...(patience === undefined ? {} : { patience }),
  })

async function* andForeign(real: AsyncGenerator<object>): AsyncGenerator<object> {
  yield* real
  yield { branch_id: "elsewhere", full_name: "of elsewhere" }
}

async function* andLine(real: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield* real
  yield Buffer.from("elsewhere,of elsewhere\n")
}

const refused = (code: "WK109" | "WK111"): Promise<never> => Promise.reject(new WardkeepError(code))

describe("the fuzz passes no client that", () => {
  it("is as good as the real one, or this test would prove nothing", async () => {
    expect(faults(await tried(faulty((real, ...call) => real(...call))))).toEqual([])
  })

  it("refuses everything", async () => {
    const found = faults(await tried(faulty(() => refused("WK109"))))
    for (const operation of ["pointOwn", "pointAny", "list", "updateAny", "error", "parallel", "forge", "lazy"])
      expect(found.join("\n")).toMatch(new RegExp(`^${operation}: 0 of \\d+ answered`, "m"))
    expect(found.join("\n")).toMatch(/^\d+ operations lost their server, and \d+ servers were killed$/m)
  })

  it("refuses one kind of operation", async () => {
    const found = faults(
      await tried(faulty((real, ...call) => (/order by id/.test(call[0]) ? refused("WK109") : real(...call)))),
    )
    expect(found[0]).toMatch(/^list: 0 of \d+ answered \(WK109\)$/)
  })

  it("loses its connection now and then", async () => {
    let calls = 0
    const found = faults(
      await tried(faulty((real, ...call) => (++calls % 30 === 0 ? refused("WK109") : real(...call)))),
    )
    expect(found.join("\n")).toMatch(/^\d+ operations lost their server, and \d+ servers were killed$/m)
  })

  it("gives up a single call that had no limit", async () => {
    let calls = 0
    const found = faults(
      await tried(
        faulty((real, ...call) => (/where id/.test(call[0]) && ++calls === 50 ? refused("WK111") : real(...call))),
      ),
    )
    expect(found).toEqual([expect.stringMatching(/WK111 × 1, which nobody asked for$/)])
  })

  it("shows one row of somebody else, or one too few", async () => {
    let calls = 0
    const foreign = { branch_id: "elsewhere", full_name: "of elsewhere" }
    const leaking = faulty(async (real, ...call) => {
      const result = await real(...call)
      return /^select id/.test(call[0]) && ++calls === 50 ? { rows: [foreign] } : result
    })
    expect(faults(await tried(leaking)).join("\n")).toContain("a row of elsewhere")
    calls = 0
    const losing = faulty(async (real, ...call) =>
      /order by id/.test(call[0]) && ++calls === 5 ? { rows: [] } : real(...call),
    )
    expect(faults(await tried(losing))).toEqual([expect.stringMatching(/^list: 0 rows instead of \d+$/)])
  })

  it.each<[string, () => Wardkeep]>([
    [
      "stream",
      () => replacing("stream", (text: string, values: readonly unknown[]) => andForeign(wk.stream(text, values))),
    ],
    ["download", () => replacing("copyOut", (text: string) => andLine(wk.copyOut(text)))],
    ["lookUp", () => replacing("lookup", async () => [{ clinic_id: "elsewhere" }])],
  ])("shows a row of somebody else by %s", async (operation, client) => {
    expect(faults(await tried(client(), undefined, false)).join("\n")).toMatch(
      new RegExp(`^${operation}: a row of `, "m"),
    )
  })

  it("fails in a way that was not planned", async () => {
    let calls = 0
    const failing = faulty((real, ...call) => (++calls === 50 ? Promise.reject(new TypeError("oops")) : real(...call)))
    expect(faults(await tried(failing)).join("\n")).toContain("? oops")
  })

  it("forgets a caller", async () => {
    let calls = 0
    const forgetting = faulty((real, ...call) => (++calls === 50 ? new Promise(() => undefined) : real(...call)))
    const found = faults(await tried(forgetting, 1500))
    expect(found).toEqual([expect.stringMatching(/^hung: \w+, [\d.]+ s$/)])
  })
})

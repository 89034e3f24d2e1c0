import { randomUUID } from "node:crypto"
import { roleNames } from "@wardkeep/core"
import { createWardkeep, type Wardkeep } from "@wardkeep/postgres"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { openStage, type Stage, type StageOptions } from "./index.js"

const database = useDatabase()
const used = useClient(database)
type Branch = "A" | "B"
let stage: Stage<Branch>
/** Reads every row: the mistake that the expectation is there to find. */
let exempt: pg.Client

const options = (changed: Partial<StageOptions<Branch>> = {}): StageOptions<Branch> => ({
  wk: used.wk,
  issuer: used.issuer,
  policy: used.clinic.policy,
  migrator: withLogin(database.ownerUrl, used.clinic.logins.migrator),
  branches: { A: { name: "A" }, B: { name: "B" } },
  clinic: (n) => ({ name: `clinic ${n}` }),
  batch: 4,
  ...changed,
})
const names = async (wk: Wardkeep = used.wk): Promise<string[]> =>
  (await wk.query<{ full_name: string }>("select full_name from patient order by full_name")).rows.map(
    (row) => row.full_name,
  )
const seed = (mark: string) => ({ patient: { full_name: mark } })

beforeAll(async () => {
  stage = await openStage(options())
  exempt = new pg.Client(database.adminUrl)
  await exempt.connect()
  // As a superuser may: triggers and foreign keys would ask for a context.
  await exempt.query("set session_replication_role = replica")
})
afterAll(async () => {
  await stage.close()
  await exempt.end()
})

describe("a clinic of its own", () => {
  test("twelve tests at once see their own rows only, each branch its own, in whatever order", async () => {
    await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const clinic = await stage.newClinic()
        await clinic.seed("A", { patient: [{ full_name: `first ${n}` }, { full_name: `second ${n}` }] })
        await clinic.seed("B", { patient: { full_name: `third ${n}` } })
        expect(await clinic.asRole("reception", { branch: "A" }, names)).toEqual([`first ${n}`, `second ${n}`])
        expect(await clinic.asRole("reception", { branch: "B" }, names)).toEqual([`third ${n}`])
        expect(await clinic.asRole("doctor", { purpose: "care" }, names)).toEqual([
          `first ${n}`,
          `second ${n}`,
          `third ${n}`,
        ])
      }),
    )
  })

  test("seeding gives rows back, fills in where they belong, and keeps nothing when one is refused", async () => {
    const clinic = await stage.newClinic()
    const { patient } = await clinic.seed("A", { patient: { full_name: "Asha" } })
    expect(patient).toMatchObject([{ clinic_id: clinic.tenant, branch_id: clinic.branches.A, full_name: "Asha" }])
    const refused = clinic.seed("A", {
      patient: { full_name: "Ravi" },
      visit: { patient_id: randomUUID(), reason: "x" },
    })
    await expect(refused).rejects.toMatchObject({ code: "23503" })
    expect(await clinic.asRole("reception", { branch: "A" }, names)).toEqual(["Asha"])
  })

  test("a role or a purpose that is not in the policy file is refused, and may be asked for again", async () => {
    const clinic = await stage.newClinic()
    for (let turn = 0; turn < 2; turn++) {
      await expect(clinic.asRole("nobody", { branch: "A" }, names)).rejects.toMatchObject({ code: "WK202" })
      await expect(clinic.asRole("reception", { purpose: "billing" }, names)).rejects.toMatchObject({ code: "WK202" })
    }
    expect(await clinic.asRole("doctor", { purpose: "billing" }, async () => "in")).toBe("in")
  })
})

describe("the expectation that nothing crosses", () => {
  const role = "reception"

  test("holds for what reads through the client, and gives its result back", async () => {
    const read = await stage.expectNoCrossing({ role, seed, run: () => names() })
    expect(read).toHaveLength(1)
  })

  test.each<[string, () => Promise<unknown>]>([
    ["reads another clinic's rows", async () => (await exempt.query("select full_name from patient")).rows],
    ["hides them in bytes", async () => Buffer.from(JSON.stringify((await exempt.query("table patient")).rows))],
    [
      "hides them in a map",
      async () => new Map((await exempt.query("table patient")).rows.map((row) => [row, row.id])),
    ],
  ])("fires on what %s", async (_how, run) => {
    await expect(stage.expectNoCrossing({ role, seed, run })).rejects.toMatchObject({ code: "WK113" })
  })

  test.each(["sibling", "stranger"] as const)(
    "fires on what changes a row of the %s, and shows nothing",
    async (whose) => {
      const run = async (around: Record<typeof whose, Record<string, readonly Record<string, unknown>[]>>) => {
        await exempt.query("update patient set hiv_status = 'x' where id = $1", [around[whose].patient![0]!.id])
        return await names()
      }
      await expect(stage.expectNoCrossing({ role, seed, run })).rejects.toMatchObject({ code: "WK113" })
    },
  )

  test("fires on what adds a row for another clinic, and not on a write of its own", async () => {
    const add = async (clinic: unknown) =>
      await exempt.query("insert into staff (clinic_id, name, email) values ($1, 'x', 'x')", [clinic])
    const foreign = stage.expectNoCrossing({
      role,
      seed,
      run: async ({ stranger }) => {
        await add(stranger.patient![0]!.clinic_id)
        return await names()
      },
    })
    await expect(foreign).rejects.toMatchObject({ code: "WK113" })
    const own = await stage.expectNoCrossing({
      role,
      seed,
      run: async () => {
        await used.wk.query("insert into patient (full_name) values ('mine')")
        return await names()
      },
    })
    expect(own).toContain("mine")
  })

  test("says that it proves nothing, rather than pass, without its own mark and without a sibling", async () => {
    const silent = stage.expectNoCrossing({ role, seed, run: async () => [] })
    await expect(silent).rejects.toMatchObject({ code: "WK114" })
    const alone = await openStage({ ...options(), branches: { A: { name: "A" } }, batch: 2 })
    try {
      await expect(alone.expectNoCrossing({ role, seed, run: () => names() })).rejects.toMatchObject({ code: "WK114" })
    } finally {
      await alone.close()
    }
  })
})

test("a login that is a superuser, an owner's or exempt is refused before the first test", async () => {
  const { owner } = roleNames(used.clinic.policy)
  const { migrator } = used.clinic.logins
  for (const url of [database.adminUrl, withLogin(database.ownerUrl, migrator)]) {
    const wk = createWardkeep({ pool: { connectionString: url, max: 1 }, policy: used.clinic.policy })
    try {
      await expect(openStage(options({ wk })), owner).rejects.toMatchObject({ code: "WK003" })
    } finally {
      await wk.close()
    }
  }
})

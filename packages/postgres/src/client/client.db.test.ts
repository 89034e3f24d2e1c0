import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Clinic, canary, installClinic } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { createIssuer, createWardkeep, type Issuer, type Session, type Wardkeep } from "./index.js"

const database = useDatabase()
let clinic: Clinic
let issuer: Issuer
let wk: Wardkeep
let asha: Session

beforeAll(async () => {
  clinic = await installClinic(database.ownerUrl)
  issuer = createIssuer({
    pool: { connectionString: database.url(clinic.logins.issuer), max: 2 },
    keyId: clinic.key.id,
    key: clinic.key.secret,
  })
  wk = createWardkeep({
    pool: { connectionString: database.url(clinic.logins.app), max: 3 },
    policy: clinic.policy,
    issuer,
  })
  const [first, second] = clinic.branches
  asha = await issuer.issueSession({
    actor: "asha",
    mfaAt: new Date(),
    ttl: "PT1H",
    assignments: [
      { tenant: first.clinic, branches: [first.branch, second.branch], role: "doctor", purposes: ["care"] },
    ],
  })
})

afterAll(async () => {
  await wk?.close()
  await issuer?.close()
})

describe("query", () => {
  it("shows the rows of the context and nothing else", async () => {
    await wk.run(asha, async () => {
      for (let i = 0; i < 3; i++) {
        const { rows, rowCount, command, fields } = await wk.query<{ full_name: string }>(
          "select full_name from patient order by full_name",
        )
        expect(rows).toHaveLength(10)
        expect(rowCount).toBe(10)
        expect(command).toBe("SELECT")
        expect(fields[0]?.name).toBe("full_name")
        expect(JSON.stringify(rows)).not.toContain(canary(2))
      }
    })
  })

  it("narrows to one branch", async () => {
    await wk.run(asha, { branch: clinic.branches[0].branch }, async () => {
      const { rows } = await wk.query("select full_name from patient")
      expect(rows).toHaveLength(5)
    })
    await expect(wk.run(asha, { branch: clinic.branches[2].branch }, async () => 1)).rejects.toMatchObject({
      code: "WK105",
    })
  })

  it("tells the context in force, and undefined where there is none", async () => {
    expect(wk.tryContext()).toBeUndefined()
    const { branch } = clinic.branches[0]
    await wk.run(asha, { branch }, async () => {
      expect(wk.tryContext()).toMatchObject({ actor: "asha", branch, role: "doctor" })
      expect(wk.tryContext()).toBe(wk.requireContext())
    })
    const several = { ...asha, grants: [...asha.grants, { ...asha.grants[0]!, purpose: "billing" }] }
    await wk.run(several, async () => {
      expect(() => wk.tryContext()).toThrowError(expect.objectContaining({ code: "WK110" }))
    })
  })

  it("refuses to run without a context", async () => {
    await expect(wk.query("select 1")).rejects.toMatchObject({ code: "WK101" })
  })
})

describe("tx", () => {
  it("commits, rolls back and nests", async () => {
    await wk.run(asha, { branch: clinic.branches[0].branch }, async () => {
      const count = async () =>
        (await wk.query<{ n: number }>("select count(*)::int as n from patient where full_name like 'New%'")).rows[0]?.n
      await wk.tx(async (q) => {
        await q.query("insert into patient (full_name) values ('New one')")
        await wk
          .tx(async (inner) => {
            await inner.query("insert into patient (full_name) values ('New two')")
            throw new Error("no")
          })
          .catch(() => undefined)
      })
      expect(await count()).toBe(1)
      await expect(
        wk.tx(async (q) => {
          await q.query("delete from patient where full_name = 'New one'")
          throw new Error("undo")
        }),
      ).rejects.toThrow("undo")
      expect(await count()).toBe(1)
    })
  })
})

describe("jobs", () => {
  it("run once per tenant and resume", async () => {
    const seen: string[] = []
    const result = await wk.job("reminders", { tenants: "all", concurrency: 2 }, async ({ tenant }) => {
      const { rows } = await wk.query("select id from visit")
      if (rows.length > 0) seen.push(tenant)
    })
    expect(result.failed).toEqual([])
    expect(new Set(seen)).toEqual(new Set(clinic.branches.map((b) => b.clinic)))
    expect(result.done).toHaveLength(2)
  })

  it("carry their actor through a queue", async () => {
    const queued = await wk.run(asha, async () => wk.serializeContext())
    expect(JSON.stringify(queued)).not.toContain(asha.grants[0]!.token)
    const n = await wk.resumeContext(queued, async () => (await wk.query("select 1 from patient")).rowCount)
    expect(n).toBeGreaterThan(0)
  })
})

describe("stream and copyOut", () => {
  it("bring every row", async () => {
    await wk.run(asha, async () => {
      let n = 0
      for await (const row of wk.stream<{ full_name: string }>("select full_name from patient", [], { batch: 3 })) {
        expect(row.full_name).toBeTypeOf("string")
        n++
      }
      const chunks: Buffer[] = []
      for await (const chunk of wk.copyOut("select full_name from patient")) chunks.push(chunk)
      expect(Buffer.concat(chunks).toString().trim().split("\n")).toHaveLength(n + 1)
    })
  })
})

it("looks up before a context exists", async () => {
  const [staff] = await wk.lookup("staff_by_email", `staff@${clinic.branches[0].clinic}.example`)
  expect(staff).toMatchObject({ clinic_id: clinic.branches[0].clinic })
})

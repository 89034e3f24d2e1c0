import { createWardkeep } from "@wardkeep/postgres"
import { describe, expect, it } from "vitest"
import { clinicPolicy } from "#tests/fixture/policy.ts"
import { faultsUnderKills } from "./verdict.ts"
import { call, newTally, type Tally, ways } from "./ways.ts"

const tally = (failed: Record<string, number>, over: Partial<Tally> = {}): Tally => ({
  ...newTally(),
  calls: 400,
  failed: new Map(Object.entries(failed)),
  ...over,
})

describe("the contract under kills passes no client that", () => {
  it("loses no more than was killed, or this test would prove nothing", () => {
    expect(faultsUnderKills(tally({ WK109: 30, "57P01": 40, "08P01": 10 }), 40, false)).toEqual([])
    expect(faultsUnderKills(tally({ WK109: 200 }), 10, true)).toEqual([])
  })

  it("fails every call, however many servers were killed", () => {
    for (const kills of [5, 40, 480])
      for (const shared of [false, true])
        expect(faultsUnderKills(tally({ WK109: 400 }), kills, shared)).toEqual([
          `400 of 400 calls failed, and ${kills} servers were killed`,
        ])
  })

  it("loses more than was killed", () => {
    expect(faultsUnderKills(tally({ WK109: 60 }), 10, false)).toEqual([
      "60 of 400 calls failed, and 10 servers were killed",
    ])
  })

  it("was never tried", () => {
    expect(faultsUnderKills(tally({}), 0, false)).toEqual(["only 0 servers were killed"])
  })

  it("fails otherwise, hangs, or answers wrongly", () => {
    expect(faultsUnderKills(tally({ WK111: 1 }), 10, false)).toEqual(["1 calls failed with WK111"])
    expect(faultsUnderKills(tally({}, { hung: ["query"], wrong: 1, missing: 2 }), 10, false)).toEqual([
      "1 calls saw rows of others",
      "2 calls missed rows",
      "query never ended",
    ])
  })

  it("reaches no server at all", async () => {
    const pool = { connectionString: "postgres://nobody@127.0.0.1:1/nowhere" }
    const wk = createWardkeep({ pool, policy: clinicPolicy("nowhere") })
    const grant = {
      tenant: "t",
      branches: ["b"],
      role: "doctor",
      dbRole: "wk_nowhere_r_doctor",
      purpose: "care",
      token: "k",
    }
    const session = { id: "s", actor: "a", grants: [grant], expiresAt: new Date(Date.now() + 60_000) }
    const seen = newTally()
    for (const [n, way] of Object.keys(ways).entries())
      await call(wk, { clinic: "t", branch: "b", session: session as never }, way, n, seen)
    expect(faultsUnderKills(seen, 10, false)).toContain(
      `${seen.calls} of ${seen.calls} calls failed, and 10 servers were killed`,
    )
    await wk.close()
  })
})

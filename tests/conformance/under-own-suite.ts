import { verify } from "@wardkeep/conformance"
import { beforeAll, describe, expect, it } from "vitest"
import { makeWorld, type Strategy, type World } from "#tests/attacks/world.ts"
import type { Grant } from "#tests/fixture/token.ts"
import type { UsedDatabase } from "#tests/harness/src/use-database.ts"

type Report = Awaited<ReturnType<typeof verify>>

/** The suite sees Wardkeep as it would see anybody: logins, columns, and how a transaction gets its context. */
async function judged(
  world: World,
  tenants: readonly Tenant[],
  tenantColumns: Record<string, string>,
): Promise<Report> {
  return await verify({
    databaseUrl: world.adminUrl,
    appUrl: world.appUrl,
    target: {
      tenants: tenants.map(({ name, key, grant }) => ({ name, key: [...key], connect: connect(world, grant) })),
      tenantColumns,
      schemas: ["public"],
      global: ["public.drug"],
    },
    mode: "probe",
  })
}

interface Tenant {
  readonly name: string
  readonly key: readonly string[]
  readonly grant: Grant
}

function connect({ strategy }: World, { db_role: role, token }: Grant) {
  return strategy === "portable"
    ? { role, settings: { "wardkeep.token": token } }
    : { statements: [`select set_config('role', wardkeep.enter('${token}', ''), true)`] }
}

const ofBranch = Object.fromEntries(
  ["patient", "patient_word", "visit", "note"].map((t) => [`public.${t}`, "branch_id"]),
)
const ofClinic = { "public.staff": "clinic_id", "public.branch": "clinic_id", "public.clinic": "id" }

/** What the suite says of the small clinic. */
export function underOwnSuite(database: UsedDatabase, strategies: readonly Strategy[]): void {
  describe.each(strategies)("Wardkeep, %s, under its own suite", (strategy) => {
    let world: World
    beforeAll(async () => {
      world = await makeWorld(database, strategy)
    })

    const pass = (report: Report): void => {
      const serious = report.findings.filter(({ severity }) => severity !== "hygiene")
      expect(serious.map(({ check, object, evidence }) => `${check} ${object} ${evidence}`)).toEqual([])
      expect(report.verdict, report.notCovered.join("\n")).toBe("NOT_FOUND")
      expect(report.probes).toBeGreaterThan(50)
    }

    it("keeps two clinics apart", async () => {
      const tenant = (name: string, grant: Grant): Tenant => ({ name, grant, key: [...grant.branches, grant.tenant] })
      const { doctor, foreigner } = world.grants
      pass(await judged(world, [tenant("A", doctor), tenant("B", foreigner)], { ...ofBranch, ...ofClinic }))
    })

    it("keeps two branches of one clinic apart", async () => {
      const tenant = (name: string, grant: Grant): Tenant => ({ name, grant, key: grant.branches })
      const { doctor, neighbour } = world.grants
      pass(await judged(world, [tenant("A", doctor), tenant("B", neighbour)], ofBranch))
    })
  })
}

import { beforeAll, describe, expect, it } from "vitest"
import { canary } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { type Answers, inferences, twice } from "./hidden.ts"
import { attempt, onlyFor, type Probe } from "./probe.ts"
import { allProbes } from "./probes/index.ts"
import { Attacker, asSuperuser, hiddenCanary, makeWorld, type Strategy, type World } from "./world.ts"

/** Every probe with the application's own login, on the server and over the way of the leg that runs. */
export function attackEverything(strategy: Strategy, fits: (probe: Probe) => boolean = () => true): void {
  const database = useDatabase()
  let world: World

  beforeAll(async () => {
    world = await makeWorld(database, strategy)
  })

  it("there is something to steal", async () => {
    const text = await asSuperuser(world.adminUrl, async (admin) => {
      const { rows } = await admin.query<{ t: string }>("select string_agg(p::text, ' ') as t from patient p")
      return rows[0]?.t
    })
    for (const branch of [0, 1, 2]) {
      expect(text).toContain(canary(branch))
      expect(text).toContain(hiddenCanary(branch))
    }
  })

  it("the login is what an application has: no superuser, no owner, member of the matrix roles only", async () => {
    const { rows } = await asSuperuser(world.adminUrl, (admin) =>
      admin.query(
        `select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolinherit as more,
                array(select g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid order by 1) as roles
           from pg_roles r where rolname = $1`,
        [world.clinic.logins.app.user],
      ),
    )
    const roles = ["r_cashier", "r_doctor", "r_locum", "r_reception", "s_reminders"]
    const prefix = world.clinic.logins.app.user.replace(/app$/, "")
    expect(rows).toEqual([{ more: false, roles: roles.map((role) => prefix + role) }])
  })

  it("what is tied to a purpose is there for a token of that purpose: the control", async () => {
    const biller = new Attacker(world.appUrl)
    await biller.connect()
    try {
      await biller.enter(world, "biller")
      for (const text of ["select * from public.note", "update public.patient set phone = '0'"])
        expect(await biller.query(text), text).toBe(world.clinic.patientsPerBranch)
      await biller.query("rollback")
    } finally {
      await biller.end()
    }
  })

  describe.each(Object.entries(allProbes))("%s", (_, probes) => {
    it.each(
      onlyFor(probes, strategy)
        .filter(fits)
        .map((probe) => [probe.name, probe] as const),
    )("%s", async (_name, probe) => {
      const { leaks, seen } = await attempt(world, probe)
      expect(leaks, seen.slice(0, 2000)).toEqual([])
    })
  })

  describe("what is told does not depend on a hidden column", () => {
    let told: readonly [Answers, Answers]

    beforeAll(async () => {
      told = await twice(world)
    })

    it("to whom the column is shown the same statements tell it: the control", async () => {
      const [one, other] = await twice(world, "doctor")
      const differ = [...one.keys()].filter((name) => one.get(name) !== other.get(name))
      expect(differ.length).toBeGreaterThan(inferences.length / 2)
    })

    const names = inferences.flatMap(([name]) => [`${name}, the table`, `${name}, the view`])
    it.each(names)("%s", (name) => {
      const [one, other] = told.map((answers) => answers.get(name) ?? "")
      expect(other).toBe(one)
      expect(one).not.toBe("")
      expect(one).not.toMatch(/42601|42P01|42883|25P02/)
    })
  })
}

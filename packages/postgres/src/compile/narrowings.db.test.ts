import { parsePolicy } from "@wardkeep/core"
import { expect, it } from "vitest"
import { document, installHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()

const schema = `
create table clinic (id text primary key);
create table branch (id text primary key, clinic_id text not null references clinic);
create table visit (clinic_id text not null, branch_id text not null, id int not null, primary key (clinic_id, branch_id, id));
insert into clinic values ('a'), ('b');`
const doc = document({
  tables: { visit: { scope: "branch", narrowable: ["delete"] } },
  roles: {
    doctor: { purposes: ["care"], can: { visit: "manage" } },
    desk: { purposes: ["care"], can: { visit: "read" } },
    chief: { purposes: ["care"], can: { visit: "read" } },
  },
  combinations: { doctor_chief: ["doctor", "chief"] },
})

it("the plan names what a tenant took and no policy asks about any more", async () => {
  const host = await installHost(database.ownerUrl, schema, doc)
  await host.apply()
  await host.asOwner((owner) =>
    owner.query(`insert into wardkeep.narrowing (tenant, role, what, reason, narrowed_by) values
      ('a', 'doctor', 'delete public.visit', 'x', 'chief'), ('b', 'doctor', 'delete public.visit', 'x', 'chief'),
      ('a', 'doctor', 'purpose care', 'x', 'chief'), ('a', 'desk', 'role', 'x', 'chief'), ('a', 'desk', 'delete public.visit', 'x', 'chief')`),
  )
  const named = async (over: object) =>
    (await host.plan(parsePolicy({ ...doc, ...over }))).findings
      .filter((f) => f.check === "narrowing-without-effect")
      .map(({ severity, object, message }) => [severity, object, Number(/[0-9]+/.exec(message))])
  const gone = ["leak", "doctor delete public.visit", 2]
  expect(await named({})).toEqual([])
  expect(await named({ tables: { visit: { scope: "branch" } } })).toEqual([gone])
  expect(await named({ tables: { visit: { scope: "branch", narrowable: ["update"] } } })).toEqual([gone])
  const reading = {
    doctor: { purposes: ["care"], can: { visit: "read" } },
    desk: { purposes: ["care"], can: { visit: "read" } },
    chief: { purposes: ["care"], can: { visit: "read" } },
  }
  expect(await named({ tables: { visit: { scope: "branch" } }, roles: reading }), "nothing is given").toEqual([])
  const chief = { purposes: ["care"], can: { visit: "manage" } }
  const others = { tables: { visit: { scope: "branch" } }, roles: { ...reading, chief } }
  expect(await named({ ...others, combinations: {} }), "given to another role").toEqual([])
  expect(await named(others), "a combination with the role has it again").toEqual([gone])
  await host.asOwner((owner) => owner.query("update wardkeep.narrowing set tenant = 'c' where tenant = 'b'"))
  expect(await named({})).toEqual([["leak", "doctor delete public.visit", 1]])
  const [found] = (await host.plan()).findings.filter((f) => f.check === "narrowing-without-effect")
  await host.asOwner((owner) => owner.query((found?.fix ?? "").replace(/^.*as the owner: /, "")))
  expect(await named({})).toEqual([])
  const { rows } = await host.asOwner((owner) => owner.query("select from wardkeep.narrowing"))
  expect(rows, "of the tenant that is there").toHaveLength(4)
})

import type { Policy } from "@wardkeep/core"
import { plan } from "@wardkeep/postgres/migrate"
import { expect, it } from "vitest"
import { extensions, useConsenting } from "#tests/fixture/consenting.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const used = useConsenting(database)
const planned = (policy: Policy = used.clinic.policy) =>
  used.clinic.asOwner((client) => plan({ client, policy, extensions }))
const owner = (sql: string) => used.clinic.asOwner((client) => client.query(sql))

it("a policy of somebody else on the ledger is in the way of every plan", async () => {
  await owner("create policy mine on wardkeep_consent.event using (true)")
  await expect(planned()).rejects.toMatchObject({
    code: "WK303",
    message: expect.stringContaining("policy wardkeep_consent.event mine is not ours"),
  })
  await owner("drop policy mine on wardkeep_consent.event")
  expect((await planned()).steps).toEqual([])
})

it("a partition is not listed beside its whole, past whose consent it would be read", async () => {
  await owner(`create table encounter (clinic_id uuid not null, branch_id uuid not null, id uuid not null, patient_id uuid not null,
    primary key (clinic_id, branch_id, id)) partition by hash (clinic_id)`)
  await owner("create table encounter_1 partition of encounter for values with (modulus 1, remainder 0)")
  const { policy } = used.clinic
  const visit = policy.tables.get("public.visit")
  if (visit === undefined) throw new Error("the policy file has visits")
  const listing = (...names: string[]): Policy => ({
    ...policy,
    tables: new Map([...policy.tables, ...names.map((name) => [name, visit] as const)]),
  })
  await expect(planned(listing("public.encounter", "public.encounter_1"))).rejects.toMatchObject({
    code: "WK303",
    message: expect.stringContaining(
      "encounter_1 is a partition of public.encounter, and consent is held on the whole",
    ),
  })
  expect((await planned(listing("public.encounter"))).steps.map(({ object }) => object)).toContain("public.encounter")
  await owner("drop table encounter")
})

it("a trigger that could make a row somebody else's after it got its bits is a finding", async () => {
  await owner("create function hand_over() returns trigger language plpgsql as 'begin return new; end'")
  const at = (name: string, when: string) =>
    owner(`create trigger ${name} ${when} on visit for each row execute function hand_over()`)
  await at("a_first", "before insert or update")
  await at("zz_after", "after insert")
  await at("zz_late", "before update")
  const found = (await planned()).findings.filter(({ check }) => check === "trigger-after-consent")
  expect(found).toMatchObject([{ severity: "leak", object: "public.visit zz_late" }])
  for (const name of ["a_first", "zz_after", "zz_late"]) await owner(`drop trigger ${name} on visit`)
  expect((await planned()).findings.filter(({ check }) => check === "trigger-after-consent")).toEqual([])
})

it("a table whose rows could stand in another branch than their person is a finding", async () => {
  await owner(
    "create table call (clinic_id uuid not null, branch_id uuid not null, id uuid not null, patient_id uuid not null)",
  )
  const { policy } = used.clinic
  const visit = policy.tables.get("public.visit")
  if (visit === undefined) throw new Error("the policy file has visits")
  const calls = { ...policy, tables: new Map([...policy.tables, ["public.call", visit] as const]) }
  const stray = async () =>
    (await planned(calls)).findings
      .filter(({ check }) => check === "subject-without-branch")
      .map(({ object }) => object)
  expect(await stray()).toEqual(["public.call"])
  // The owner may not: checking a key reads past the fence.
  await used.clinic.admin(
    "alter table call add foreign key (clinic_id, branch_id, patient_id) references patient (clinic_id, branch_id, id) on update cascade",
  )
  expect(await stray()).toEqual([])
  await owner("drop table call")
})

it("a key of people that takes different spellings for one person is refused", async () => {
  await owner("create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
  // What the check sees of the extension is the name of the type.
  await owner("create domain citext as text")
  const { policy } = used.clinic
  const visit = policy.tables.get("public.visit")
  if (visit === undefined) throw new Error("the policy file has visits")
  const guests = {
    ...policy,
    tables: new Map([...policy.tables, ["public.guest", { ...visit, subject: "id" }] as const]),
  }
  for (const type of ["text collate loose", "citext", "numeric"]) {
    await owner(`create table guest (clinic_id uuid not null, branch_id uuid not null, id ${type} not null,
      primary key (clinic_id, branch_id, id))`)
    await expect(planned(guests), type).rejects.toMatchObject({
      code: "WK564",
      message: expect.stringContaining("public.guest.id"),
    })
    await owner("drop table guest")
  }
  await owner("drop domain citext; drop collation loose")
})

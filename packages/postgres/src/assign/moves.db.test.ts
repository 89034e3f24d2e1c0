import { randomUUID } from "node:crypto"
import type { Session } from "@wardkeep/postgres"
import { plan } from "@wardkeep/postgres/migrate"
import { describe, expect, it } from "vitest"
import { assignedPolicy, useAssigned } from "#tests/fixture/assigned.ts"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { crossingPolicy } from "#tests/fixture/crossing.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { mergeBranches, movePatient, referPatient } from "./crossings.js"

// Beds belong to the branch: a visit that names one cannot leave without it.
const beds = `create table bed (
  clinic_id uuid not null, branch_id uuid not null, id uuid not null default gen_random_uuid(), primary key (clinic_id, branch_id, id)
);
alter table visit add bed_id uuid, add constraint in_bed foreign key (clinic_id, branch_id, bed_id) references bed;
create table opening (branch_id uuid primary key references branch on delete cascade, hours text);`
const tables = Object(assignedPolicy().tables)
const database = useDatabase()
const clinic = useAssigned(
  database,
  crossingPolicy({ tables: { ...tables, bed: { scope: "branch" }, opening: { scope: "unmanaged" } } }),
  (schema) => schema + beds,
)
const code = (wanted: string, text = /./) => ({ code: wanted, message: expect.stringMatching(text) })
let counter = 0
const person = async (role: string, place: number, over = {}): Promise<Session> => {
  const actor = `person-${counter++}`
  await clinic.grant(actor, role, place, over)
  return await clinic.session(actor)
}
const manager = (): Promise<Session> => person("manager", 0, { scope: "all" })
const ids = async (session: Session, sql: string, values: unknown[] = []): Promise<string[]> =>
  await clinic.wk.run(session, async () =>
    (await clinic.wk.query<{ id: string }>(sql, values)).rows.map(({ id }) => id).sort(),
  )
const [here, there, elsewhere] = clinic.places
const newPatient = async (session: Session): Promise<string> => {
  const [id = ""] = await ids(session, "insert into patient (full_name) values ('Meena') returning id")
  await ids(session, "insert into visit (patient_id, reason) values ($1, 'fever') returning id", [id])
  return id
}
const move = async (session: Session, subject: string, over = {}): Promise<string> => {
  const request = { subject, from: here.branch, to: there.branch, reason: "lives in the south now", ...over }
  return await clinic.wk.run(session, () => movePatient(clinic.wk, request))
}
const whereIs = async (patient: string): Promise<string[]> =>
  (
    await clinic.admin<{ at: string }>(
      "select branch_id as at from patient where id = $1 union all select branch_id from visit where patient_id = $1",
      [patient],
    )
  ).map(({ at }) => at)

/** What `work` came to, which waited for a statement of the session that was committed meanwhile. */
const beside = async (
  { grants: [held] }: Session,
  sql: string,
  values: unknown[],
  work: () => Promise<unknown>,
): Promise<unknown> =>
  await connected(database.adminUrl, async (holder) => {
    await holder.query("begin")
    const context = "select set_config('wardkeep.token', $1, true), set_config('role', $2, true)"
    await holder.query(context, [held?.token, held?.dbRole])
    await holder.query(sql, values)
    const begun = work().catch((error: unknown) => error)
    expect(await waitsFor(database.adminUrl, holder, begun)).toBe("waits")
    await holder.query("commit")
    return await begun
  })

describe("moving a patient", () => {
  it("takes everything that hangs on it in one transaction: visits, notes through them, words", async () => {
    const doctor = await person("doctor", 0)
    const other = await person("doctor", 1)
    const subject = await newPatient(doctor)
    const note = "insert into note (visit_id, body) select id, 'fever' from visit where patient_id = $1 returning id"
    const notes = await ids(doctor, note, [subject])
    const stayed = await ids(doctor, "select id from patient where id <> $1", [subject])
    const id = await move(await manager(), subject)
    expect(await ids(doctor, "select id from patient")).toEqual(stayed)
    expect(await whereIs(subject)).toEqual([there.branch, there.branch])
    expect(await ids(other, "select id from note")).toEqual(notes)
    const words = "select distinct patient_id as id from patient_word where patient_id = $1"
    expect([await ids(doctor, words, [subject]), await ids(other, words, [subject])]).toEqual([[], [subject]])
    expect(await clinic.admin("select moved_as, subject, rows from wardkeep.move where id = $1", [id])).toEqual([
      { moved_as: "manager", subject, rows: { "public.note": 1, "public.patient": 1, "public.visit": 1 } },
    ])
  })

  it("ends the referrals and the confined sessions of the person", async () => {
    const doctor = await person("doctor", 0)
    const subject = await newPatient(doctor)
    const portal = await person("portal", 0, { subject })
    const until = new Date(Date.now() + 3_600_000)
    const referral = { subject, from: here.branch, to: there.branch, records: ["public.patient"], until }
    const id = await clinic.wk.run(doctor, () => referPatient(clinic.wk, { ...referral, basis: "second_opinion" }))
    const opened = await clinic.issuer.openReferral({ id, session: await person("doctor", 1) })
    for (const each of [portal, opened]) expect(await ids(each, "select id from patient")).toEqual([subject])
    await move(await manager(), subject)
    for (const each of [portal, opened])
      await expect(ids(each, "select id from patient")).rejects.toMatchObject(code("WK102"))
    expect(await clinic.admin("select end_reason from wardkeep.referral where id = $1", [id])).toEqual([
      { end_reason: "the person was moved" },
    ])
  })

  it("is refused to other roles, without both branches, for somebody who is not there, and without a reason", async () => {
    const doctor = await person("doctor", 0, { scope: "all" })
    const subject = await newPatient(await person("doctor", 0))
    await expect(move(doctor, subject)).rejects.toMatchObject(code("WK231", /role/))
    await expect(move(await person("manager", 0), subject)).rejects.toMatchObject(code("WK231", /branch/))
    const chief = await manager()
    for (const [wrong, text] of [
      [{ to: elsewhere.branch }, /branch of the context/],
      [{ from: there.branch, to: here.branch }, /no such person/],
      [{ to: here.branch }, /another one/],
      [{ subject: randomUUID() }, /no such person/],
      [{ subject: "x' or true --" }, /no such person/],
      [{ subject: elsewhere.patients[0] ?? "" }, /no such person/],
      [{ reason: " " }, /reason/],
    ] as const)
      await expect(move(chief, subject, wrong)).rejects.toMatchObject(code("WK231", text))
    const narrowed = clinic.wk.run(chief, { branch: here.branch }, () =>
      movePatient(clinic.wk, { subject, from: here.branch, to: there.branch, reason: "x" }),
    )
    await expect(narrowed).rejects.toMatchObject(code("WK231", /branch of the context/))
    expect(await whereIs(subject)).toEqual([here.branch, here.branch])
  })

  it("is refused whole where the key is taken, or a row would leave what it refers to", async () => {
    const [doctor, other, chief] = [await person("doctor", 0), await person("doctor", 1), await manager()]
    const twin = await newPatient(doctor)
    await ids(other, "insert into patient (id, full_name) values ($1, 'Latha') returning id", [twin])
    await expect(move(chief, twin)).rejects.toMatchObject(code("WK231", /same key already: patient_pkey of patient/))
    const bedded = await newPatient(doctor)
    await clinic.admin(
      `with b as (insert into bed (clinic_id, branch_id) values ($1, $2) returning id)
       update visit set bed_id = b.id from b where patient_id = $3`,
      [here.clinic, here.branch, bedded],
    )
    await expect(move(chief, bedded)).rejects.toMatchObject(code("WK231", /hang together .* in_bed of visit/))
    expect(await whereIs(bedded)).toEqual([here.branch, here.branch])
  })

  it("waits for who writes about the person meanwhile, and leaves no row behind", async () => {
    const doctor = await person("doctor", 0)
    const [subject, chief] = [await newPatient(doctor), await manager()]
    const late = "insert into visit (patient_id, reason) values ($1, 'late')"
    const moving = await beside(doctor, late, [subject], () => move(chief, subject))
    expect(moving).toMatchObject(code("WK231", /hang together/))
    await move(chief, subject)
    expect(await whereIs(subject)).toEqual([there.branch, there.branch, there.branch])
    await expect(ids(doctor, late, [subject])).rejects.toMatchObject({ code: "23503" })
  })

  it("runs the host's triggers as the owner, on a search path that nobody else chooses, and under the caller's fence", async () => {
    const doctor = await person("doctor", 0)
    const [subject, chief] = [await newPatient(doctor), await manager()]
    // A function that names its table as the host wrote it, and one that says where the name is.
    const trail = `create table trail (who text, path text, seen bigint);
      create function remember() returns trigger language plpgsql as $$
      begin
        insert into trail select current_user, current_setting('search_path'), (select count(*) from public.patient);
        return null;
      end $$;
      create trigger remember after update on patient for each row execute function remember();`
    await clinic.host.asOwner((client) => client.query(trail))
    try {
      await expect(move(chief, subject)).rejects.toMatchObject(code("WK233", /remember/))
      expect(await whereIs(subject)).toEqual([here.branch, here.branch])
      // What the application's login could bring: a table in its own temporary schema, and its own search path.
      const { dbRole, token } = chief.grants[0]!
      const attempt = (arrange: string): Promise<unknown> =>
        connected(database.appUrl(clinic.host.logins.app), async (app) => {
          await app.query("begin")
          await app.query("select set_config('role', $1, true), set_config('wardkeep.token', $2, true)", [
            dbRole,
            token,
          ])
          try {
            await app.query(arrange)
            await app.query("select wardkeep.move_patient($1, $2, $3, 'x')", [subject, here.branch, there.branch])
          } finally {
            await app.query("rollback")
          }
        })
      const temporary = "create temporary table trail (who text, path text, seen bigint default 1 / 0)"
      await expect(attempt(temporary)).rejects.toMatchObject({ code: "42501" })
      await expect(attempt("set local search_path = public")).rejects.toMatchObject({ code: "WK233" })
      await clinic.host.asOwner((client) => client.query("alter function remember() set search_path = public, pg_temp"))
      await move(chief, subject)
      const all = "select count(*)::int as n from patient where clinic_id = $1"
      const [{ n } = { n: -1 }] = await clinic.admin<{ n: number }>(all, [here.clinic])
      const owner = clinic.host.logins.app.user.replace(/app$/, "owner")
      expect(await clinic.admin("select who, path, seen::int from trail")).toEqual([
        { who: owner, path: "public, pg_temp", seen: n },
      ])
    } finally {
      await clinic.host.asOwner((client) =>
        client.query("drop trigger remember on patient; drop function remember(); drop table trail"),
      )
    }
  })

  it("follows from the policy file: a second plan is empty", async () => {
    const { policy, asOwner } = clinic.host
    expect((await asOwner((client) => plan({ client, policy }))).steps).toEqual([])
  })
})

describe("merging branches", () => {
  const merge = (session: Session, from: string, to = here.branch) =>
    clinic.wk.run(session, () => mergeBranches(clinic.wk, { from, to, reason: "one house" }))
  const newBranch = async (): Promise<string> => {
    const branch = randomUUID()
    await clinic.admin("insert into branch (id, clinic_id, name) values ($1, $2, 'new')", [branch, here.clinic])
    return branch
  }

  it("moves every row, ends what was assigned there, and closes the branch", async () => {
    const branch = await newBranch()
    const [doctor, chief] = [await person("doctor", 0, { scope: { branch } }), await manager()]
    const both = await person("reception", 0, { scope: "all" })
    const [patient, inserting] = [await newPatient(doctor), "insert into patient (full_name) values ('x')"]
    await expect(merge(doctor, branch)).rejects.toMatchObject(code("WK231"))
    await expect(merge(await person("manager", 0, { scope: { branch } }), branch)).rejects.toMatchObject(code("WK231"))
    const late = randomUUID()
    await beside(doctor, "insert into patient (id, full_name) values ($1, 'x')", [late], () => merge(chief, branch))
    expect(await whereIs(patient)).toEqual([here.branch, here.branch])
    expect(await whereIs(late)).toEqual([here.branch])
    expect(await clinic.admin("select from branch where id = $1", [branch])).toEqual([])
    await expect(ids(doctor, inserting)).rejects.toMatchObject(code("WK102"))
    await expect(clinic.session(doctor.actor)).rejects.toMatchObject(code("WK202"))
    expect(await ids(both, "select id from patient where id = $1", [patient])).toEqual([patient])
    const assigned = "select revoke_reason from wardkeep.assignment where actor = $1"
    expect(await clinic.admin(assigned, [doctor.actor])).toEqual([{ revoke_reason: "branch closed" }])
    await expect(
      clinic.admin("insert into patient (clinic_id, branch_id, full_name) values ($1, $2, 'x')", [here.clinic, branch]),
    ).rejects.toThrow(/patient_clinic_id_branch_id_fkey/)
  })

  it("is refused where the branch would take rows of another table along", async () => {
    const branch = await newBranch()
    const patient = await newPatient(await person("doctor", 0, { scope: { branch } }))
    await clinic.admin("insert into opening values ($1, 'nine to five')", [branch])
    const merging = merge(await manager(), branch)
    await expect(merging).rejects.toMatchObject(code("WK231", /opening_branch_id_fkey of public.opening/))
    expect(await whereIs(patient)).toEqual([branch, branch])
  })
})

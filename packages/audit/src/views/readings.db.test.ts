import { randomUUID } from "node:crypto"
import type { Policy } from "@wardkeep/core"
import { apply, asOwner } from "@wardkeep/postgres/migrate"
import { beforeAll, describe, expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "./recorder.js"

const database = useDatabase()
const used = useClient(database, { policy: viewedPolicy(), extensions: [audit], views: recordViews })

/** The same policy, as a client reads it that shows no reason of a visit without its person. */
function strictly(policy: Policy): Policy {
  const tables = new Map(policy.tables)
  const rule = tables.get("public.visit")
  if (rule === undefined) throw new Error("the fixture has visits")
  tables.set("public.visit", { ...rule, audit: { views: { strict: ["reason"] } } })
  return { ...policy, tables }
}

beforeAll(async () => {
  const { policy, logins, branches } = used.clinic
  const [owner] = await used.admin<{ name: string }>(
    "select pg_get_userbyid(relowner)::text as name from pg_class where oid = 'patient'::regclass",
  )
  await used.admin(`
    alter table visit rename to visit_before;
    create table visit (clinic_id uuid not null, branch_id uuid not null, id uuid not null default gen_random_uuid(),
      patient_id uuid, at timestamptz not null default now(), reason text not null,
      primary key (clinic_id, branch_id, id)) partition by hash (id);
    create table visit_half partition of visit for values with (modulus 2, remainder 0);
    create table visit_rest partition of visit for values with (modulus 2, remainder 1);
    insert into visit select * from visit_before;
    drop table visit_before cascade;
    insert into visit (clinic_id, branch_id, patient_id, reason)
      select clinic_id, branch_id, id, 'visit' from patient, generate_series(1, 4);
    alter table visit owner to ${owner?.name};
    alter table visit_half owner to ${owner?.name};
    alter table visit_rest owner to ${owner?.name}`)
  await used.admin(
    "insert into visit (clinic_id, branch_id, reason) select clinic_id, id, 'of nobody' from branch where id = $1",
    [branches[0].branch],
  )
  // One number of a visit in two branches, and a note of each.
  for (const { branch } of branches.slice(0, 2))
    await used.admin(
      `with p as (select clinic_id, branch_id, id from patient where branch_id = $1 limit 1)
       insert into visit (clinic_id, branch_id, id, patient_id, reason) select clinic_id, branch_id, $2, id, 'twice' from p`,
      [branch, twice],
    )
  await connected(withLogin(database.ownerUrl, logins.migrator), (client) =>
    asOwner(client, policy, async () => {
      await apply({ client, policy, extensions: [audit] })
      // Without a policy of its own a partition shows nothing, and its plan names nothing.
      await client.query(`grant select on visit_half to wk_${policy.deployment}_r_doctor`)
      await client.query("alter table visit_half disable row level security")
    }),
  )
})

const twice = randomUUID()

interface Event {
  readonly subject: string | null
  readonly source: string
  readonly subjects: string[] | null
}

async function viewed(work: () => Promise<unknown>): Promise<Event[]> {
  const [before] = await used.admin<{ id: string }>("select coalesce(max(id), 0)::text as id from wardkeep_audit.event")
  await work()
  return await used.admin<Event>(
    `select subject, detail::json ->> 'source' as source, detail::json -> 'subjects' as subjects from wardkeep_audit.event
      where verb = 'view' and relation in ('public.visit', 'public.note') and id > $1 order by id`,
    [before?.id],
  )
}

describe("a partitioned table", () => {
  it.each([
    "select patient_id, (select string_agg(reason, ',') from visit) as all_of_them from visit",
    "select patient_id, (select string_agg(reason, ',') from visit_half) as all_of_them from visit",
    "select patient_id, (select string_agg(reason, ',') from visit) as all_of_them from visit_half",
    "select a.patient_id, b.reason from visit a join visit b on a.id <> b.id limit 3",
  ])("read twice is not said to show its persons only: %s", async (text) => {
    for (let time = 0; time < 2; time++)
      expect(await viewed(() => used.wk.run(used.doctor, () => used.wk.query(text)))).toMatchObject([
        { source: "undetermined" },
      ])
    const policy = strictly(used.clinic.policy)
    const wk = used.make({ policy, views: recordViews(policy) })
    await expect(wk.run(used.doctor, () => wk.query(text))).rejects.toMatchObject({ code: "WK412" })
  })

  it.each([
    "select patient_id, reason from visit where patient_id is not null",
    "select patient_id, reason from visit_half where patient_id is not null",
    "update visit set reason = reason where reason = 'visit' returning patient_id",
  ])("read once is: %s", async (text) => {
    const events = await viewed(() => used.wk.run(used.doctor, () => used.wk.query(text)))
    expect(events).toMatchObject([{ source: "exact" }])
    const policy = strictly(used.clinic.policy)
    const wk = used.make({ policy, views: recordViews(policy) })
    const { rows } = await wk.run(used.doctor, () => wk.query(text))
    expect(rows.length).toBeGreaterThan(0)
  })
})

describe("a key that two branches gave", () => {
  it("names neither person, of the row itself and of what hangs on it", async () => {
    const [first, second] = used.clinic.branches
    const session = await used.issuer.issueSession({
      actor: "of-two",
      mfaAt: new Date(),
      ttl: "PT1H",
      assignments: [
        { tenant: first.clinic, branches: [first.branch, second.branch], role: "doctor", purposes: ["care"] },
      ],
    })
    await used.wk.run(used.doctor, () =>
      used.wk.query("insert into note (visit_id, body) values ($1, 'of one')", [twice]),
    )
    await used.wk.run(session, async () => {
      const text = "select id, reason from visit where id = $1 and branch_id = $2"
      expect(await viewed(() => used.wk.query(text, [twice, first.branch]))).toEqual([
        { subject: null, source: "undetermined", subjects: null },
      ])
      const note = "select id, body from note where visit_id = $1"
      expect(await viewed(() => used.wk.query(note, [twice]))).toEqual([
        { subject: null, source: "undetermined", subjects: null },
      ])
    })
    const alone = "select id, reason from visit where id = $1"
    const events = await viewed(() => used.wk.run(used.doctor, () => used.wk.query(alone, [twice])))
    const [truth] = await used.admin<{ id: string }>(
      "select patient_id::text as id from visit where id = $1 and branch_id = $2",
      [twice, first.branch],
    )
    expect(events).toEqual([{ subject: truth?.id, source: "fetched", subjects: null }])
  })
})

describe("a person's column that is empty", () => {
  const text = "select patient_id, reason from visit where reason = any ($1)"

  it("does not count as having named everybody, and shows no strict column", async () => {
    for (let time = 0; time < 2; time++) {
      const mixed = await viewed(() => used.wk.run(used.doctor, () => used.wk.query(text, [["twice", "of nobody"]])))
      expect(mixed).toMatchObject([{ subject: expect.any(String), source: "undetermined" }])
      const known = await viewed(() => used.wk.run(used.doctor, () => used.wk.query(text, [["twice"]])))
      expect(known).toMatchObject([{ subject: expect.any(String), source: "exact" }])
    }
    const policy = strictly(used.clinic.policy)
    const wk = used.make({ policy, views: recordViews(policy) })
    await wk.run(used.doctor, async () => {
      expect((await wk.query(text, [["twice"]])).rows).toHaveLength(1)
      await expect(wk.query(text, [["of nobody"]])).rejects.toMatchObject({ code: "WK412" })
    })
  })
})

describe("a type parser of the host", () => {
  it("sees no row before the view of it is recorded", async () => {
    const fails = (): never => {
      throw new Error("not parsed")
    }
    const types = { getTypeParser: () => fails }
    const events = await viewed(() =>
      used.wk.run(used.doctor, () =>
        expect(
          used.wk.pool.query({ text: "select patient_id, 1 as parsed from visit where reason = 'twice'", types }),
        ).rejects.toThrow("not parsed"),
      ),
    )
    expect(events).toMatchObject([{ source: "exact" }])
  })
})

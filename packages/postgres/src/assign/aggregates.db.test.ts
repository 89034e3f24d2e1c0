import type { AggregateFigures } from "@wardkeep/core"
import { plan } from "@wardkeep/postgres/migrate"
import { beforeAll, describe, expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { type Chain, figuresPolicy, figuresShape, kinds, openChain, type Visit } from "#tests/fixture/figures.ts"
import { expectedFigures, isPublishable, rowsOf } from "#tests/fixture/figures-model.ts"
import { generator, weighted } from "#tests/fuzz/random.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import {
  agreeToAggregate,
  contributeToAggregate,
  listAggregateAgreements,
  listAggregateContributions,
  withdrawFromAggregate,
} from "./aggregates.js"

const database = useDatabase()
const clinic = useAssigned(database, figuresPolicy(), figuresShape)
const code = (wanted: string, text?: RegExp) =>
  expect.objectContaining({ code: wanted, ...(text && { message: expect.stringMatching(text) }) })
const fees = "fees"
let chain: Chain
beforeAll(async () => {
  chain = await openChain(clinic, database.adminUrl)
})
const chief = (index: number): Chain["chiefs"][number] => chain.chiefs[index] as Chain["chiefs"][number]
const agree = (index: number, aggregate = fees) =>
  clinic.wk.run(chief(index), () => agreeToAggregate(clinic.wk, aggregate))
const withdraw = (index: number, reason = "no longer") =>
  clinic.wk.run(chief(index), () => withdrawFromAggregate(clinic.wk, { aggregate: fees, reason }))
const count = async (months: readonly string[], tenants = chain.tenants, aggregate = fees) => {
  const result = await clinic.wk.job("statistics", { tenants }, async () => {
    for (const month of months) await contributeToAggregate(clinic.wk, { aggregate, month })
  })
  for (const { error } of result.failed) throw error
}
const release = (month: string, aggregate = fees) =>
  clinic.issuer.releaseAggregate({ aggregate, month, by: "meera@vendor" })
const vendor = async <R extends object>(sql: string, options = ""): Promise<R[]> => {
  const url = withLogin(database.ownerUrl, clinic.host.logins.vendor)
  return await connected(`${url}${options}`, async (client) => (await client.query(sql)).rows as R[])
}
interface Figure {
  cell: string
  value: string | null
}
const figures = async (month: string): Promise<Record<string, number | null>> => {
  const rows = await vendor<Figure>(
    `select f.cell, f.value::text as value from wardkeep.figures() f where f.month = '${month}'`,
  )
  return Object.fromEntries(rows.map(({ cell, value }) => [cell, value === null ? null : Number(value)]))
}
/** So many people of each clinic, one visit each. */
const visits = (month: string, kind: string, people: readonly number[], fee = 100): Visit[] =>
  people.flatMap((many, tenant) => Array.from({ length: many }, (_, person) => ({ tenant, person, kind, fee, month })))
const ofTenants = <T>(work: (index: number) => Promise<T>) => Promise.all([0, 1, 2, 3, 4].map(work))

describe("figures over clinics", () => {
  it("are of the clinics that agreed, and small cells go with one more, so that the total does not give them away", async () => {
    const month = "2021-01-01"
    await chain.visits([
      ...visits(month, "walk_in", [4, 4, 4, 4, 4]),
      ...visits(month, "booked", [3, 3, 3, 3, 3]),
      ...visits(month, "follow_up", [0, 0, 2, 0, 0], 10),
      ...visits(month, "home", [2, 2, 2, 2, 2]),
      ...visits("2021-02-01", "booked", [9, 9, 9, 9, 9]),
    ])
    await ofTenants((index) => agree(index))
    expect(await withdraw(4)).toBe(true)
    await count([month])
    await release(month)
    // Of four clinics; `follow_up` has two persons of one clinic, and takes `other` along.
    expect(await figures(month)).toEqual({ "": 3620, walk_in: 1600, booked: 1200, follow_up: null, other: null })
    expect(await clinic.wk.run(chief(2), () => listAggregateContributions(clinic.wk))).toMatchObject([
      { cell: "", persons: 4, value: "920", published: true },
      { cell: "booked", persons: 3, value: "300", published: true },
      { cell: "follow_up", persons: 2, value: "20", published: false },
      { cell: "other", persons: 2, published: false },
      { cell: "walk_in", persons: 4, published: true },
    ])
    expect(await clinic.wk.run(chief(4), () => listAggregateContributions(clinic.wk))).toEqual([])
    const lines = await clinic.admin<{ kind: string; n: number }>(
      "select kind, count(*)::int as n from wardkeep.activity where kind like '%aggregate%' or kind = 'figures_read' group by 1 order by 1",
    )
    expect(Object.fromEntries(lines.map(({ kind, n }) => [kind, n]))).toEqual({
      aggregate_agreement_create: 5,
      aggregate_agreement_delete: 1,
      aggregate_contribution_share: 4,
      aggregate_release_export: 4,
      figures_read: 1,
    })
    await agree(4)
  })

  it("count a time in UTC, and come to one figure a month without a list", async () => {
    await ofTenants((index) => agree(index, "new_patients"))
    await count(["2020-05-01", "2020-06-01"], chain.tenants, "new_patients")
    await expect(release("2020-05-01", "new_patients")).rejects.toEqual(code("WK252", /too few/))
    await release("2020-06-01", "new_patients")
    expect(await figures("2020-06-01")).toEqual({ "": 60 })
  })

  it("count persons without an amount not at all, and say whom they take for a person", async () => {
    const month = "2021-10-01"
    const unpaid = visits(month, "booked", [5, 5, 5, 5, 5]).map((row) => ({ ...row, fee: null }))
    await chain.visits([...visits(month, "booked", [3, 3, 3, 3, 3]), ...unpaid])
    await count([month])
    const mine = await clinic.wk.run(chief(1), () => listAggregateContributions(clinic.wk))
    expect(mine.find((one) => one.month === month && one.cell === "")).toMatchObject({ persons: 3, value: "300" })
    const [agreed] = await clinic.wk.run(chief(1), () => listAggregateAgreements(clinic.wk))
    expect(agreed?.definition).toMatchObject({ table: "public.visit", subject: "patient_id", sum: "fee" })
  })

  const each = (month: string, tenant: number, people: number, fee: number): Visit[] =>
    Array.from({ length: people }, (_, person) => ({ tenant, person, kind: "booked", fee, month }))
  it.each([
    // Six persons, of whom one clinic knows three.
    ["leaves too few persons", (m: string) => visits(m, "booked", [3, 1, 1, 1])],
    // 500, 490 and 10: the second knows the first to a fiftieth.
    [
      "comes close to the largest clinic",
      (m: string) => [...each(m, 0, 10, 50), ...each(m, 1, 10, 49), ...each(m, 2, 1, 10)],
    ],
    // 1000 of one clinic, and 5 of each other one, whose amounts are large and cancel out for each person.
    [
      "finds the others cancelled out",
      (m: string) => [
        ...each(m, 0, 10, 100),
        ...[1, 2, 3, 4].flatMap((tenant) => [...each(m, tenant, 5, 1000), ...each(m, tenant, 5, -999)]),
      ],
    ],
    // The same, from person to person.
    [
      "finds the others' persons cancelled out",
      (m: string) => [
        ...each(m, 0, 10, 100),
        ...[1, 2, 3, 4].flatMap((tenant) =>
          each(m, tenant, 10, 300).map((v, at) => (at % 2 ? { ...v, fee: -299 } : v)),
        ),
      ],
    ],
  ] as const)("are refused where a clinic that takes its own away %s", async (title, rows) => {
    const month = `2022-0${["leaves", "comes", "finds the others c", "finds the others'"].findIndex((x) => title.startsWith(x)) + 1}-01`
    await chain.visits(rows(month))
    await count([month])
    await expect(release(month)).rejects.toEqual(code("WK252", /too few|too much/))
  })

  it("are of who agreed to that name: what was counted under another is not released under it", async () => {
    const month = "2022-05-01"
    await chain.visits(visits(month, "booked", [5, 5, 5, 5, 5]))
    await count([month])
    const [before] = await clinic.admin<{ aggregates: object }>("select aggregates from wardkeep.policy_rule")
    try {
      await clinic.admin(
        "update wardkeep.policy_rule set aggregates = jsonb_set(aggregates, '{figures,income}', aggregates #> '{figures,fees}')",
      )
      await agree(0, "income")
      const taken = { aggregate: "income", reason: "not that" }
      expect(await clinic.wk.run(chief(0), () => withdrawFromAggregate(clinic.wk, taken))).toBe(true)
      await expect(release(month, "income")).rejects.toEqual(code("WK252", /too few/))
    } finally {
      await clinic.admin("update wardkeep.policy_rule set aggregates = $1", [before?.aggregates])
    }
    await release(month)
    expect((await figures(month))[""]).toBe(2500)
  })

  it("have nothing of a clinic that withdrew, also where it was counted already", async () => {
    const month = "2021-03-01"
    await chain.visits(visits(month, "booked", [5, 5, 5, 5, 5]))
    await count([month])
    expect(await withdraw(0)).toBe(true)
    expect(await withdraw(0)).toBe(false)
    const mine = await clinic.wk.run(chief(0), () => listAggregateContributions(clinic.wk))
    expect(mine.filter((one) => one.month === month)).toEqual([])
    await count([month])
    await release(month)
    expect((await figures(month))[""]).toBe(2000)
    const [first] = await clinic.wk.run(chief(0), () => listAggregateAgreements(clinic.wk))
    expect(first).toMatchObject({ aggregate: fees, end_reason: "no longer", ended_by: chief(0).actor })
    await agree(0)
  })

  it("a withdrawal that is on its way is waited for, and is in the release", async () => {
    const month = "2021-04-01"
    await chain.visits(visits(month, "booked", [5, 5, 5, 5, 5]))
    await count([month])
    await connected(database.adminUrl, async (other) => {
      await other.query("begin")
      await other.query("select wardkeep.end_agreement($1, 'fees', 'x', 'on its way')", [chain.tenants[1]])
      const released = release(month)
      expect(await waitsFor(database.adminUrl, other, released)).toBe("waits")
      await other.query("commit")
      await released
    })
    expect((await figures(month))[""]).toBe(2000)
    await agree(1)
  })

  it("are released once for a month of a table, whatever they are called and however they are declared then", async () => {
    await expect(release("2021-01-01")).rejects.toEqual(code("WK252", /subtracted|were released/))
    await expect(count(["2021-01-01"])).rejects.toEqual(code("WK251", /was released/))
    const month = "2021-05-01"
    await chain.visits(visits(month, "booked", [5, 5, 5, 5, 5]))
    await count([month])
    const [before] = await clinic.admin<{ aggregates: object }>("select aggregates from wardkeep.policy_rule")
    const declare = (change: string) =>
      clinic.admin(`update wardkeep.policy_rule set aggregates = ${change} where aggregates is not null`)
    const [agreed] = await clinic.wk.run(chief(3), () => listAggregateAgreements(clinic.wk))
    try {
      // Another date of the same rows.
      await declare(`jsonb_set(aggregates, '{figures,fees,month}', '"booked_on"')`)
      await expect(release(month)).rejects.toEqual(code("WK252", /another date/))
      // A lower minimum: what was agreed to was another one, so nobody is in it.
      await declare(
        `jsonb_set(jsonb_set(aggregates, '{figures,fees,month}', '"seen_on"'), '{figures,fees,minimum,persons}', '6')`,
      )
      await expect(release(month)).rejects.toEqual(code("WK252", /too few/))
      const again = await agree(3)
      expect(again).not.toBe(agreed?.id)
    } finally {
      await clinic.admin("update wardkeep.policy_rule set aggregates = $1", [before?.aggregates])
    }
    await agree(3)
    await count([month])
    await release(month)
    expect((await figures(month))[""]).toBe(2500)
  })

  it("are refused below the minimum, where one clinic or person is most of it, and where the month is not over", async () => {
    const low = (month: string, rows: Visit[]): Visit[] => rows.map((row) => ({ ...row, month }))
    const months = ["2021-06-01", "2021-07-01", "2021-08-01", "2021-09-01"] as const
    await chain.visits([
      ...low(months[0], visits("", "booked", [2, 2])),
      ...low(months[1], visits("", "booked", [4, 0, 4])),
      ...low(months[2], visits("", "booked", [9, 2, 2, 2, 2])),
      ...low(months[3], visits("", "booked", [4, 4, 4, 4, 4])),
      ...[{ tenant: 0, person: 11, kind: "booked", fee: 1200, month: months[3] }],
    ])
    await count(months)
    for (const month of months) await expect(release(month), month).rejects.toEqual(code("WK252", /too few|too much/))
    const now = new Date().toISOString().slice(0, 7)
    await expect(count([`${now}-01`])).rejects.toEqual(code("WK251", /over/))
    await expect(count(["2021-06-02"])).rejects.toEqual(code("WK251", /first day/))
    for (const bad of [`${now}-01`, "2021-06-02", "2021-13-01", "1 June 2021", "infinity"])
      await expect(release(bad), bad).rejects.toEqual(code("WK252", /a month that is over/))
    await expect(release("2021-06-01", "Fees")).rejects.toEqual(code("WK252"))
    await expect(clinic.issuer.releaseAggregate({ aggregate: fees, month: "2021-06-01", by: " " })).rejects.toEqual(
      code("WK252"),
    )
  })

  it("need the clinic's own word: a role of the policy file, of every branch, for figures that there are", async () => {
    const doctor = `doctor-${chain.tenants[0]}`
    await clinic.grant(doctor, "doctor", 0)
    const session = await clinic.session(doctor)
    const asDoctor = (sql: string) => clinic.wk.run(session, () => clinic.wk.query(sql))
    for (const call of [
      "agree_to_aggregate('fees')",
      "withdraw_from_aggregate('fees', 'x')",
      "list_aggregate_contributions()",
      "contribute('fees', '2021-06-01')",
    ])
      await expect(asDoctor(`select wardkeep.${call}`), call).rejects.toMatchObject({ code: "42501" })
    // One of two branches.
    await clinic.grant("half", "chief", 0)
    const half = await clinic.session("half")
    await expect(clinic.wk.run(half, () => agreeToAggregate(clinic.wk, fees))).rejects.toEqual(
      code("WK250", /every branch/),
    )
    await expect(agree(0, "Fees")).rejects.toEqual(code("WK250", /nothing of that name/))
    await expect(withdraw(0, " ")).rejects.toEqual(code("WK250", /reason/))
    await expect(count(["2021-06-01"], chain.tenants, "Fees")).rejects.toEqual(code("WK251", /not the service/))
    // What the policy in force says holds, and not what a role was granted.
    const rules = "update wardkeep.policy_rule set aggregates = jsonb_set(aggregates, '{agreedBy}', $1)"
    await clinic.admin(rules, ['["doctor"]'])
    try {
      await expect(agree(0)).rejects.toEqual(code("WK250", /this role does not decide about aggregates/))
    } finally {
      await clinic.admin(rules, ['["chief"]'])
    }
    // Another service, and the right one with part of a clinic.
    const { tenants } = chain
    const other = await clinic.wk.job("reminders", { tenants }, async () => {
      await clinic.wk.query("select wardkeep.contribute('fees', '2021-06-01')")
    })
    expect(other.failed.map(({ error }) => Object(error).code)).toEqual(tenants.map(() => "42501"))
    const [tenant, branches] = [clinic.places[0].clinic, [clinic.places[0].branch]]
    const part = await clinic.issuer.issueService({ service: "statistics", tenant, branches })
    const counted = clinic.wk.run(part, () =>
      contributeToAggregate(clinic.wk, { aggregate: fees, month: "2021-06-01" }),
    )
    await expect(counted).rejects.toEqual(code("WK251", /every branch/))
  })
})

it("figures that do not fit the database are one error of the plan, and nothing is changed", async () => {
  const { policy } = clinic.host
  const planned = (change: Partial<AggregateFigures>) => {
    const figures = (policy.aggregates?.figures ?? []).map((one) => (one.name === fees ? { ...one, ...change } : one))
    return clinic.host.plan({ ...policy, aggregates: { service: "statistics", agreedBy: ["chief"], figures } })
  }
  await expect(planned({ month: "reason" })).rejects.toEqual(code("WK253", /visit.reason is text, not a date/))
  await expect(planned({ sum: "reason" })).rejects.toEqual(code("WK253", /visit.reason is text, not an exact number/))
  await expect(planned({ month: "sean_on" })).rejects.toEqual(code("WK002", /public.visit has no column sean_on/))
  expect((await planned({})).steps).toEqual([])
  // A partition: by another name rows that the whole has, too.
  const part = "public.visit_2021"
  const rule = { scope: "branch", subject: "patient_id" } as const
  const tables = new Map([...policy.tables, ["public.stay", rule] as const, [part, rule] as const])
  const columns = "clinic_id uuid, branch_id uuid, id uuid, patient_id uuid, seen_on date"
  await clinic.host.asOwner(async (owner) => {
    await owner.query("begin")
    try {
      await owner.query(`create table public.stay (${columns}) partition by range (seen_on);
        create table ${part} partition of public.stay for values from ('2021-01-01') to ('2022-01-01')`)
      const [first] = policy.aggregates?.figures ?? []
      const figures = [{ ...first!, name: "stays", table: part, sum: null, by: null, month: "seen_on" }]
      const aggregates = { service: "statistics", agreedBy: ["chief"], figures }
      const planning = plan({ client: owner, policy: { ...policy, tables, aggregates } })
      await expect(planning).rejects.toEqual(code("WK253", /visit_2021 is a partition of public.stay/))
    } finally {
      await owner.query("rollback")
    }
  })
  // Without them the login keeps its name, and may do nothing.
  const without = await clinic.host.plan({ ...policy, aggregates: null })
  const vendor = clinic.host.logins.vendor.user
  expect(without.steps.map(({ sql }) => sql)).toEqual(
    expect.arrayContaining([
      `revoke execute on function wardkeep.figures() from "${vendor}"`,
      `drop function if exists "public"."wk_count_fees"`,
    ]),
  )
})

describe("the vendor's login", () => {
  it("reads figures, each time on record, and nothing else", async () => {
    const [one] = await clinic.admin<{ id: string }>("select id from wardkeep.aggregate_release limit 1")
    const attacks = [
      "select * from visit",
      "select count(*) from public.patient",
      "explain select * from public.visit",
      "explain analyze select * from wardkeep.aggregate_contribution",
      "select * from wardkeep.aggregate_contribution",
      "select * from wardkeep.aggregate_figure",
      "select * from wardkeep.aggregate_agreement",
      "select * from wardkeep.activity",
      "select * from wardkeep.token",
      `select wardkeep.may_be_published('${one?.id}', '{"minimum":{"persons":0,"clinics":0},"largest":{"clinic":100,"person":100}}', array['follow_up'])`,
      `select wardkeep.suppressed_cells('${one?.id}', '{}')`,
      "select public.wk_count_fees('2021-01-01')",
      "select wardkeep.contribute('fees', '2021-01-01')",
      "select wardkeep.agree_to_aggregate('fees')",
      "select wardkeep.list_aggregate_contributions()",
      "select wardkeep.release_aggregate('{}', 'k001', '')",
      "select wardkeep.list_tenants()",
      "select wardkeep.tenant()",
      "create temporary table mine (v numeric)",
      "create table public.mine (v numeric)",
      "create function wardkeep.mine() returns int language sql as 'select 1'",
      "create schema mine",
      `set role "${clinic.host.logins.app.user}"`,
      `set role "${clinic.host.logins.app.user.replace(/app$/, "owner")}"`,
      "set session_replication_role = replica",
      "begin read only; select * from wardkeep.figures()",
      "copy (select * from public.visit) to stdout",
      "begin; lock table public.visit",
      "update wardkeep.aggregate_figure set value = 1",
    ]
    await connected(withLogin(database.ownerUrl, clinic.host.logins.vendor), async (client) => {
      for (const sql of attacks) {
        const refused = { code: expect.stringMatching(/^(42501|25006)$/) }
        await expect(client.query(sql), sql).rejects.toMatchObject(refused)
        await client.query("rollback")
      }
    })
    // Statistics of columns are of those who may read the columns.
    expect(await vendor("select * from pg_stats where schemaname in ('public', 'wardkeep')")).toEqual([])
    // What an own search path or an own operator could change is not asked.
    const shadowed = "?options=-c%20search_path%3Dwardkeep%2Cpublic"
    const read = "select cell, value from wardkeep.figures() order by month, cell"
    expect(await vendor(read, shadowed)).toEqual(await vendor(read))
    const text = JSON.stringify(await vendor("select * from wardkeep.figures()"))
    for (const secret of [...chain.tenants, "canary", "chief", "meera"]) expect(text).not.toContain(secret)
    const reads = await clinic.admin<{ actor: string }>(
      "select distinct actor from wardkeep.activity where kind = 'figures_read'",
    )
    expect(reads).toEqual([{ actor: clinic.host.logins.vendor.user }])
  })

  it("learns from EXPLAIN and from errors nothing that a suppressed cell would change", async () => {
    const plan = JSON.stringify(await vendor("explain select * from wardkeep.figures() f where f.cell = 'follow_up'"))
    expect(plan).toContain("rows=5")
    expect(await vendor("select 1 from wardkeep.figures() f where f.value is null and 1 / f.value > 0")).toEqual([])
  })

  it("is nobody else's: the application's login has neither the figures nor what they are made of", async () => {
    const names = clinic.host.logins
    await connected(withLogin(database.ownerUrl, names.app), async (client) => {
      for (const sql of [
        "select * from wardkeep.figures()",
        "select * from wardkeep.aggregate_contribution",
        "select wardkeep.contribute('fees', '2021-01-01')",
        "select wardkeep.release_aggregate('{}', 'k001', '')",
        "select public.wk_count_fees('2021-01-01')",
        `set role "${names.vendor.user}"`,
      ])
        await expect(client.query(sql), sql).rejects.toMatchObject({ code: "42501" })
    })
    // With the service's own context too: it counts, and reads no sum.
    const result = await clinic.wk.job("statistics", { tenants: [chain.tenants[0] ?? ""] }, async () => {
      for (const sql of [
        "select * from wardkeep.figures()",
        "select * from public.wk_count_fees('2021-01-01')",
        "insert into wardkeep.aggregate_contribution select * from wardkeep.aggregate_contribution",
        "select reason from public.visit",
      ])
        await expect(clinic.wk.query(sql), sql).rejects.toMatchObject({ code: "42501" })
    })
    expect(result.failed).toEqual([])
  })
})

it("a report over branches is a query of somebody who is assigned all of them, and of one clinic", async () => {
  const [{ branch: here, patients }, { branch: there }] = clinic.places
  const scope = "all"
  await clinic.grant("reporter", "doctor", 0, { scope })
  const reporter = await clinic.session("reporter")
  const text = "select branch_id, count(*)::int as patients from patient group by 1 order by 1"
  const report = await clinic.wk.run(reporter, () => clinic.wk.query(text))
  const expected = [here, there].sort().map((branch_id) => ({ branch_id, patients: patients.length }))
  expect(report.rows).toEqual(expected)
})

it("a reference model comes to the same figures, and no suppressed cell follows from what is published", async () => {
  const seed = Number(process.env.WARDKEEP_SEED ?? Date.now() % 2 ** 31)
  console.info(`figures: seed ${seed}`)
  const random = generator(seed)
  const months = Array.from(
    { length: 10 },
    (_, index) => `${2000 + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, "0")}-01`,
  )
  const rows = months.flatMap((month, at) => {
    // Some kinds are rare, some months of two clinics, and some bills are large; the first three have one of each for certain.
    const rare = (index: number): boolean => (at === 1 ? index === 0 : at !== 2 && random() < 0.2)
    const busy = kinds.map((kind, index) => [rare(index) ? 0.02 : 1, kind] as const)
    const clinics = at === 0 ? 2 : 5
    const large = at < 3 ? 0 : 0.003
    return Array.from({ length: 160 + Math.floor(random() * 100) }, (): Visit => {
      const fee = random() < large ? 4000 : Math.floor(random() * 150) - 5
      const [tenant, person] = [Math.floor(random() * clinics), Math.floor(random() * 12)]
      return { tenant, person, kind: weighted(random, busy), fee, month }
    })
  })
  await chain.visits(rows)
  await ofTenants((index) => agree(index))
  await count(months)
  const seen = { published: 0, refused: 0, shown: 0, suppressed: 0, partly: 0 }
  for (const month of months) {
    const own = rows.filter((row) => row.month === month)
    const wanted = expectedFigures(own)
    if (wanted === undefined) {
      await expect(release(month), `${seed} ${month}`).rejects.toEqual(code("WK252"))
      seen.refused += 1
      continue
    }
    await release(month)
    const published = await figures(month)
    expect(published, `${seed} ${month}`).toEqual(Object.fromEntries(wanted.cells))
    seen.published += 1
    // Without the rounding even: each that is shown, and what is left when all that is shown is taken from the total.
    const cells = Object.keys(published).filter((cell) => cell !== "")
    const hidden = cells.filter((cell) => published[cell] === null)
    for (const cell of cells.filter((one) => !hidden.includes(one)))
      expect(isPublishable(rowsOf(own, [cell])), `${seed} ${month} ${cell}`).toBe(true)
    expect(hidden.length, `${seed} ${month}`).not.toBe(1)
    if (hidden.length > 0) expect(isPublishable(rowsOf(own, hidden)), `${seed} ${month} ${hidden}`).toBe(true)
    seen.suppressed += hidden.length
    seen.shown += cells.length - hidden.length
    seen.partly += hidden.length > 0 && hidden.length < cells.length ? 1 : 0
  }
  console.info(`figures: ${JSON.stringify(seen)}`)
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(0)
}, 60_000)

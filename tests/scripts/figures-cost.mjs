/**
 * What figures over clinics cost (ADR 0012): counting, in rows a second, and what counters that triggers keep would add to each
 * insert, in one interleaved run. By hand, after `npm run build`; durability is off.
 *
 *   node tests/scripts/figures-cost.mjs [rows]
 */
import { randomBytes, randomUUID } from "node:crypto"
import { createRequire } from "node:module"
import { cpus, loadavg } from "node:os"
import { parsePolicy, roleNames } from "../../packages/core/dist/index.js"
import {
  agreeToAggregate,
  contributeToAggregate,
  createIssuer,
  createWardkeep,
} from "../../packages/postgres/dist/index.js"
import { apply, asOwner, grantAsOwner, install } from "../../packages/postgres/dist/migrate.js"
import { startEmbedded } from "../harness/dist/embedded.js"

const pg = createRequire(new URL("../../packages/postgres/package.json", import.meta.url))("pg")
const rows = Number(process.argv[2] ?? 200_000)
const [rounds, inserts] = [9, 400]
const month = "2026-01-01"
const policy = parsePolicy({
  deployment: "figures",
  tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
  assignments: "required",
  tables: {
    clinic: { scope: "tenant" },
    branch: { scope: "tenant" },
    visit: { scope: "branch", subject: "patient_id" },
  },
  purposes: { operations: { basis: "s7a" } },
  roles: { chief: { purposes: ["operations"], can: { branch: "read" } } },
  services: { statistics: { purposes: ["operations"], can: { visit: "read" } } },
  aggregates: {
    service: "statistics",
    agreedBy: ["chief"],
    figures: {
      visits: {
        table: "visit",
        measure: "rows",
        month: "seen_on",
        by: { column: "kind", values: ["walk_in", "booked"] },
        minimum: { persons: 5, clinics: 3 },
        largest: { clinic: 50, person: 20 },
        roundTo: 5,
      },
    },
  },
})
const columns =
  "clinic_id uuid not null, branch_id uuid not null, id uuid primary key default gen_random_uuid(), patient_id uuid not null, seen_on date not null, kind text not null"
const schema = `create table clinic (id uuid primary key);
create table branch (id uuid primary key, clinic_id uuid not null references clinic, unique (clinic_id, id));
create table visit (${columns}, foreign key (clinic_id, branch_id) references branch (clinic_id, id));
create index on visit (clinic_id, seen_on);`
const counters = `create table without (${columns}); create table counted (${columns});
create index on without (clinic_id, seen_on); create index on counted (clinic_id, seen_on);
create table counter (clinic_id uuid, month date, kind text, n bigint not null, primary key (clinic_id, month, kind));
create function count_one() returns trigger language plpgsql as $$ begin
  insert into counter values (new.clinic_id, date_trunc('month', new.seen_on::timestamp)::date, new.kind, 1)
    on conflict (clinic_id, month, kind) do update set n = counter.n + 1;
  return null;
end $$;
create trigger count_one after insert on counted for each row execute function count_one();`

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const timed = async (work) => {
  const began = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - began) / 1e9
}
const connected = async (connectionString, work) => {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

const server = await startEmbedded({ fsync: false, settings: { autovacuum: false, jit: false } })
try {
  await connected(server.url, (client) => client.query("create database figures"))
  const adminUrl = Object.assign(new URL(server.url), { pathname: "/figures" }).href
  console.log(
    `${cpus()[0]?.model.trim()}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}, Node ${process.versions.node}`,
  )
  console.log(await counting(adminUrl))
  console.log(await triggers(adminUrl))
} finally {
  await server.stop()
}

async function counting(adminUrl) {
  const names = roleNames(policy)
  const secret = () => randomBytes(12).toString("hex")
  const passwords = { app: secret(), issuer: secret(), migrator: secret() }
  const login = (name) => Object.assign(new URL(adminUrl), { username: names[name], password: passwords[name] }).href
  const key = randomBytes(32)
  const [tenant, branch] = [randomUUID(), randomUUID()]
  await connected(adminUrl, (admin) => install({ admin, policy, passwords }))
  await connected(login("migrator"), (client) =>
    asOwner(client, policy, async () => {
      await client.query("set row_security = on")
      await client.query(schema)
      await client.query("insert into clinic values ($1)", [tenant])
      await client.query("insert into branch values ($1, $2)", [branch, tenant])
      await client.query("select wardkeep.add_key('k001', $1)", [key])
      await apply({ client, policy })
    }),
  )
  await connected(login("migrator"), (client) =>
    grantAsOwner({ client, policy, tenant, actor: "chief", role: "chief", scope: "all", reason: "measures" }),
  )
  await connected(adminUrl, async (admin) => {
    await admin.query("set session_replication_role = replica")
    await admin.query(
      `insert into visit (clinic_id, branch_id, patient_id, seen_on, kind) select $1, $2, md5((n % 5000)::text)::uuid,
         date '2025-11-01' + n % 92, (array['walk_in', 'booked', 'home'])[1 + n % 3] from generate_series(1, $3::int) n`,
      [tenant, branch, rows],
    )
    await admin.query("analyze visit")
  })
  const issuer = createIssuer({ pool: { connectionString: login("issuer"), max: 1 }, keyId: "k001", key })
  const wk = createWardkeep({ pool: { connectionString: login("app"), max: 1 }, policy, issuer })
  try {
    const chief = await issuer.issueSession({ actor: "chief", ttl: "PT1H" })
    await wk.run(chief, () => agreeToAggregate(wk, "visits"))
    const times = []
    for (let round = 0; round < rounds; round++)
      times.push(
        await timed(async () => {
          const count = () => contributeToAggregate(wk, { aggregate: "visits", month })
          const { failed } = await wk.job("statistics", { tenants: [tenant] }, count)
          if (failed.length > 0) throw failed[0].error
        }),
      )
    const [{ n, counted }] = await connected(adminUrl, async (admin) => {
      const text = `select (select count(*)::int from visit where seen_on >= $1::date and seen_on < $1::date + interval '1 month') as n,
        (select value::int from wardkeep.aggregate_contribution where cell = '') as counted`
      return (await admin.query(text, [month])).rows
    })
    if (n !== counted) throw new Error(`${counted} of ${n} rows were counted`)
    return `counting: ${Math.round(n / median(times))} rows/s (${n} rows of the month among ${rows}, median of ${rounds}: ${(median(times) * 1000).toFixed(0)} ms)`
  } finally {
    await wk.close()
    await issuer.close()
  }
}

async function triggers(adminUrl) {
  return await connected(adminUrl, async (client) => {
    await client.query("create schema alternative")
    await client.query("set search_path = alternative")
    await client.query(counters)
    const clinic = randomUUID()
    const pass = async (table) => {
      const text = `insert into ${table} (clinic_id, branch_id, patient_id, seen_on, kind) values ($1, $1, gen_random_uuid(), '${month}', 'booked')`
      for (let one = 0; one < inserts; one++) await client.query({ name: table, text, values: [clinic] })
    }
    const ratios = []
    for (let round = -1; round < rounds; round++) {
      const order = round % 2 === 0 ? ["without", "counted"] : ["counted", "without"]
      const took = {}
      for (const table of order) took[table] = await timed(() => pass(table))
      if (round >= 0) ratios.push(took.counted / took.without)
    }
    const sorted = ratios.sort((a, b) => a - b).map((ratio) => ratio.toFixed(2))
    return `counters by a trigger: an insert takes ${median(ratios).toFixed(2)} times as long (${rounds} rounds of ${inserts} of one writer, ${sorted[0]} to ${sorted.at(-1)})`
  })
}

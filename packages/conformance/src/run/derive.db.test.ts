import { afterEach, beforeEach, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { readCatalog } from "../catalog/catalog.js"
import { assignTenancy } from "../catalog/tenancy.js"
import { Actor } from "../database/actor.js"
import { Connection } from "../database/connection.js"
import { Unanswered } from "../database/unanswered.js"
import { Facts } from "../probe/facts.js"
import { parseTarget } from "../target/parse.js"
import { deriveTenancy } from "./derive.js"
import type { GlanceLimits } from "./glance.js"

const db = useDatabase()
const system = useBaseSystem(db)
let connection: Connection

beforeEach(async () => {
  connection = await Connection.open(new URL(system.adminUrl))
})
afterEach(async () => await connection.close())

const target = parseTarget({
  tenants: ["1", "2"].map((key) => ({ name: key, key, connect: {} })),
  tenantColumns: ["branch_id"],
  schemas: ["public"],
  global: ["drug", "branch"],
})

/** How each table that says nothing by a column says whose its rows are, and what was not looked at. */
async function derived(
  limits?: GlanceLimits,
): Promise<{ readonly by: Record<string, string>; readonly unseen: string[] }> {
  const catalog = await readCatalog(connection, ["public"])
  assignTenancy(catalog, target)
  const actors = target.tenants.map((tenant) => new Actor(tenant, "nobody", connection, connection))
  const unseen = await deriveTenancy(catalog, new Facts(connection, new Unanswered()), actors, limits)
  const told = catalog.relations.filter(({ name }) => /^(file|vital)/.test(name))
  return { by: Object.fromEntries(told.map(({ name, tenancy }) => [name, tenancy.by])), unseen }
}

const tables = `
  create table file (path text primary key); insert into file values ('1/a.png'), ('2/b.png');
  create table vital (id int generated always as identity primary key, visit_id int not null);
  insert into vital (visit_id) select id from visit;`

test("a table that cannot be looked at in time is named, with its columns, and the others are looked at", async () => {
  await system.run(tables)
  expect(await derived()).toEqual({ by: { file: "derived", vital: "derived" }, unseen: [] })
  await withClient(system.adminUrl, async (client) => {
    await client.query("begin; lock table vital in access exclusive mode")
    const { by, unseen } = await derived()
    expect(by).toEqual({ file: "derived", vital: "nothing" })
    expect(unseen).toEqual([expect.stringContaining("not looked at, for it took too long: public.vital (visit_id).")])
    // It is said, and keeps nothing else from being decided.
    const { notCovered, checks } = await system.verify(["WKC020"])
    expect(notCovered).toContainEqual(unseen[0])
    expect(checks.map(({ verdict }) => verdict)).toEqual(["NOT_FOUND"])
  })
})

test("all questions together have an end", async () => {
  await system.run(tables)
  const { by, unseen } = await derived({ one: 1_000, all: 0 })
  expect(by).toEqual({ file: "nothing", vital: "nothing" })
  expect(unseen.join()).toContain("public.file (path), public.vital (visit_id)")
})

test("rows from the whole of a large table are read, not the first ones alone", async () => {
  await system.run(`create table file (path text);
    insert into file select '1/' || g from generate_series(1, 3000) g;
    insert into file select '2/' || g from generate_series(1, 30000) g; analyze file;`)
  expect((await derived()).by).toEqual({ file: "derived" })
})

test("a number of a row whose own number says whose it is, in tables of any size without an index", async () => {
  await system.run(`${tables} alter table vital drop constraint vital_pkey; alter table visit drop constraint visit_pkey cascade;
    alter table visit add column no bigint; alter table visit add primary key (branch_id, id);
    insert into vital (visit_id) select 1000000 + g from generate_series(1, 100000) g;
    alter table vital add primary key (id); create table vital_note (id int primary key, vital_id int, words text);
    insert into vital_note select id, id, 'note' from vital; analyze;`)
  expect(await derived()).toEqual({ by: { file: "derived", vital: "derived", vital_note: "derived" }, unseen: [] })
})

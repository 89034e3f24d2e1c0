import type { Workshop } from "./installed.ts"
import type { System } from "./system.ts"
import { verify } from "./verify.ts"

/** What a tester waits for at most. */
const limits = { catalog: 20, probe: 300 } as const

/** Runs both modes on a system with so many tables; false where one takes longer than its limit, answers nothing or sees a leak. */
export async function timeTables(workshop: Workshop, cli: string, tables: number): Promise<boolean> {
  const installed = await workshop.install(manyTables(tables))
  try {
    let isInTime = true
    for (const mode of ["catalog", "probe"] as const) {
      const limit = limits[mode]
      const verified = await verify(cli, installed, { mode, limitSeconds: 2 * limit })
      const answer = "report" in verified ? verified.report.verdict : verified.failure
      console.log(`${tables} tables, ${mode}: ${verified.seconds.toFixed(1)} s of ${limit} s, ${answer}`)
      isInTime &&= "report" in verified && verified.report.verdict !== "LEAK" && verified.seconds <= limit
    }
    return isInTime
  } finally {
    await installed.remove()
  }
}

/** Of five tables one holds the tenant, two refer to it with the tenant, and two without. */
function manyTables(tables: number): System {
  const names = Array.from({ length: tables }, (_, place) => `t${String(place).padStart(4, "0")}`)
  const statements = names.map((name, place) => {
    const first = names[place - (place % 5)] ?? name
    if (place % 5 === 0)
      return tableOf(name, "branch int not null, words text not null, primary key (branch, id)", "branch")
    if (place % 5 < 3) {
      const columns = `branch int not null, of int not null, words text, primary key (branch, id), foreign key (branch, of) references ${first}`
      return tableOf(name, columns, "branch")
    }
    const parent = names[place - (place % 5) + 1] ?? first
    const columns = `branch_of int not null, of int not null, words text, primary key (id), foreign key (branch_of, of) references ${parent}`
    return tableOf(name, columns, "branch_of")
  })
  return {
    slug: `tables-${tables}`,
    kind: "clean",
    what: "A hospital group with very many tables, all of them protected.",
    class: "size",
    context: "settings",
    app: "mny_app",
    target: {
      tenants: ["1", "2"].map((key) => ({
        name: key,
        key,
        connect: { user: "mny_app", settings: { "m.branch": key } },
      })),
      tenantColumns: ["branch"],
      schemas: ["public"],
      global: [],
    },
    expect: [],
    tolerate: [],
    schemaSql: [
      "create role mny_owner nologin",
      "create role mny_app login",
      "alter schema public owner to mny_owner",
      "set role mny_owner",
      ...statements,
      "reset role",
    ].join(";\n"),
    attackSql: undefined,
  }
}

/** With three rows of each of two tenants. */
function tableOf(name: string, columns: string, tenant: string): string {
  const refers = columns.includes(" of int")
  return `create table ${name} (id int not null, ${columns});
    insert into ${name} (id, ${tenant}${refers ? ", of" : ""}, words)
      select 10 * b + g, b${refers ? ", 10 * b + g" : ""}, case b when 1 then 'own ' else 'bravo ' end || md5('${name}' || b || g)
      from generate_series(1, 2) b, generate_series(1, 3) g;
    alter table ${name} enable row level security, force row level security;
    create policy own on ${name} using (${tenant} = (select nullif(current_setting('m.branch', true), '')::int));
    grant select, insert, update, delete on ${name} to mny_app`
}

import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Queryable } from "../database/queryable.js"
import { sqlDirectory } from "../migrate/sql-directory.js"
import type { Strategy } from "./current-strategy.js"
import type { Difference } from "./drift.js"
import type { Extension } from "./extension.js"
import { sqlName } from "./names.js"
import type { Step } from "./step.js"

/** A schema of Wardkeep's own and the SQL that it was made from. */
export interface OwnSchema {
  readonly schema: string
  /** Texts of the object files. */
  readonly objects: readonly string[]
  /** Put over the functions of the objects. */
  readonly strategy?: string
}

export function ownSchemas(extensions: readonly Extension[], strategy: Strategy): OwnSchema[] {
  const accelerated = (): string => readFileSync(join(sqlDirectory("strategy"), "accelerated.sql"), "utf8")
  return [
    {
      schema: "wardkeep",
      objects: textsOf(sqlDirectory("objects")),
      ...(strategy === "accelerated" && { strategy: accelerated() }),
    },
    ...extensions.map(({ migrations, objects }) => ({ schema: migrations.schema, objects: textsOf(objects) })),
  ]
}

function textsOf(directory: string): string[] {
  return readdirSync(directory)
    .sort()
    .map((file) => readFileSync(join(directory, file), "utf8"))
}

/** What stands in the schema as it was shipped, as facts: its functions and its tables. */
export function shippedFacts(schemas: readonly OwnSchema[]): Set<string> {
  return new Set(
    schemas.flatMap((own) => [
      ...[...own.objects, own.strategy ?? ""].flatMap(functionFacts),
      ...[...tablesOf(own).keys(), `${own.schema}.migrations`].map((name) => `table ${name}`),
    ]),
  )
}

/** The arguments as PostgreSQL prints them. */
function functionFacts(text: string): string[] {
  return [...text.matchAll(/^create (?:or replace )?function ([\w.]+)\(([^)]*)\)/gm)].map(
    ([, name, args = ""]) =>
      `function ${name}(${args
        .trim()
        .replaceAll(/\s+/g, " ")
        .replaceAll(/\btimestamptz\b/g, "timestamp with time zone")})`,
  )
}

interface Flags {
  readonly rls: boolean
  readonly forced: boolean
}

function tablesOf({ objects }: OwnSchema): Map<string, Flags> {
  const text = objects.join("\n")
  const says = (name: string, what: string): boolean => text.includes(`alter table ${name} ${what} row level security;`)
  return new Map(
    [...text.matchAll(/^create table ([\w.]+) /gm)].map(([, name = ""]) => [
      name,
      { rls: says(name, "enable"), forced: says(name, "force") },
    ]),
  )
}

interface Live extends Flags {
  readonly name: string
  /** When each fires, and its name: `O name`, or `A name` where it does so in replicas too. */
  readonly triggers: readonly string[]
}

const liveQuery = `
select ${sqlName("n", "c")} as name, c.relrowsecurity as rls, c.relforcerowsecurity as forced,
  array(select t.tgenabled::text || ' ' || t.tgname from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal) as triggers
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and n.nspname = any ($1)`

/** Puts back what was shipped: functions, triggers, and whether row-level security is on. */
export async function ownObjectSteps(
  client: Queryable,
  schemas: readonly OwnSchema[],
  differences: readonly Difference[],
): Promise<Step[]> {
  const { rows } = await client.query<Live>(liveQuery, [schemas.map(({ schema }) => schema)])
  const live = new Map(rows.map((row) => [row.name, row]))
  const changed = new Set(differences.map(({ fact }) => fact))
  return schemas.flatMap((own) => [
    ...functionSteps(own, differences),
    ...flagSteps(own, live),
    ...triggerSteps(own, live, changed),
  ])
}

function functionSteps(own: OwnSchema, differences: readonly Difference[]): Step[] {
  const facts = shippedFacts([own])
  const functions = differences.filter(({ fact }) => fact.startsWith("function ") && facts.has(fact))
  if (functions.length === 0) return []
  // Every object file has each function followed by its comment.
  const shipped = own.objects.flatMap((text) =>
    [...text.matchAll(/^create (function [\s\S]*?;)\s*(?=^comment on function)/gm)].map(
      ([, body]) => `create or replace ${body}`,
    ),
  )
  // A new function is everybody's.
  const revoked = functions
    .filter(({ is }) => is === undefined)
    .map(({ fact }) => `revoke execute on ${fact} from public;`)
  const sql = [...shipped, own.strategy ?? "", ...revoked].join("\n").replace(/;\s*$/, "")
  const names = functions.map(({ fact }) => fact).join(", ")
  return [{ phase: "narrow", object: names, why: "not the function that was installed", sql }]
}

function flagSteps(own: OwnSchema, live: ReadonlyMap<string, Live>): Step[] {
  return [...tablesOf(own)].flatMap(([name, { rls, forced }]) => {
    const is = live.get(name)
    if (is === undefined || (is.rls === rls && is.forced === forced)) return []
    const flags = `${rls ? "enable" : "disable"} row level security, ${forced ? "" : "no "}force row level security`
    return [{ phase: "narrow", object: name, why: "not as it was installed", sql: `alter table ${name} ${flags}` }]
  })
}

function triggerSteps(own: OwnSchema, live: ReadonlyMap<string, Live>, changed: ReadonlySet<string>): Step[] {
  const shipped = own.objects.flatMap((text) => [
    ...text.matchAll(/^create (?:constraint )?trigger (\w+)[^;]*? on ([\w.]+)[^;]*/gm),
  ])
  return shipped.flatMap(([sql, name = "", table = ""]) => {
    const id = `trigger ${table} ${name}`
    const is = live.get(table)
    const always = `alter table ${table} enable always trigger ${name}`
    const isAlways = own.objects.some((text) => text.includes(`${always};`))
    if (is === undefined || (is.triggers.includes(`${isAlways ? "A" : "O"} ${name}`) && !changed.has(id))) return []
    const made = `drop trigger if exists ${name} on ${table};\n${sql}${isAlways ? `;\n${always}` : ""}`
    return [{ phase: "narrow", object: id, why: "not the trigger that was installed", sql: made }]
  })
}

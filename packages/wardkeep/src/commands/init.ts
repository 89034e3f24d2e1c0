import { lstatSync } from "node:fs"
import { basename, dirname, extname, join, relative, resolve } from "node:path"
import { roleNames, WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import { administrator, withClient } from "../connection/connect.js"
import type { Connection } from "../connection/owner.js"
import { type Draft, draftPolicy, type Named, policyJson, policyText, type SeenTable } from "./draft.js"
import { type NewFile, taken, writeNew } from "./new-files.js"
import type { Language } from "./wiring/source.js"
import { detectStack, prismaClientAt, type Stack } from "./wiring/stack.js"
import { type Wiring, wiringFor } from "./wiring/wiring.js"

export interface InitOptions extends Named {
  readonly connection: Connection
  readonly folder?: string
  /** Default `wardkeep.policy.ts`, in an application without TypeScript `.js`; a name ending in `.json` gives a JSON document. */
  readonly out?: string | undefined
  /** Default `public`. */
  readonly schema?: string | undefined
  /** Sees what would be written; nothing is when it says no. Default: yes. */
  readonly confirm?: (files: readonly NewFile[]) => Promise<boolean>
}

export interface InitResult {
  readonly confirmed: boolean
  readonly path: string
  readonly draft: Draft
  /** Undefined where there is no `package.json`. */
  readonly stack: Stack | undefined
  /** Beside the policy file, where that is a module and the name is free. */
  readonly wiring: (Pick<Wiring, "steps"> & { readonly path: string }) | undefined
  /** What has the wiring's name already, and stays as it is. */
  readonly taken: string | undefined
  /** Covered tables that do not belong to the owner role yet, as statements for whoever owns them. */
  readonly changeOwner: readonly string[]
}

/**
 * Writes a first policy file from what a database looks like, and beside it what wires the framework and the ORM to it that
 * `package.json` names. Reads the catalog, `package.json`, the schema of Prisma and whether there is a `tsconfig.json`; changes no
 * file that is there, writes both files or neither, and asks nothing but `confirm`.
 *
 * @throws WK009 the policy file exists, or tenant and branch cannot be told · WK002 no tables · WK005 · WK774
 * @example await init({ connection: { env: process.env } })
 */
export async function init(options: InitOptions): Promise<InitResult> {
  const { connection, folder = process.cwd(), schema = "public" } = options
  const stack = detectStack(folder)
  const { out = stack === undefined || stack.typescript ? "wardkeep.policy.ts" : "wardkeep.policy.js" } = options
  const path = resolve(folder, out)
  if (!/\.(ts|mts|js|mjs|json)$/.test(path)) {
    throw new WardkeepError("WK009", {
      message: `${out} cannot be written`,
      hint: "End the name in .ts, .mts, .js, .mjs or .json.",
    })
  }
  if (isThere(path)) throw taken(relative(folder, path))
  const tables = await withClient({ ...connection, variables: administrator }, (client) => readTables(client, schema))
  if (tables.length === 0) {
    throw new WardkeepError("WK002", {
      message: `the schema ${schema} has no tables`,
      hint: "Run your own migrations first, or name another schema with --schema.",
    })
  }
  const draft = draftPolicy(schema, tables, options)
  const language = languageOf(path, stack)
  const policy: NewFile = { path, text: path.endsWith(".json") ? policyJson(draft) : policyText(draft, language) }
  const name = join(dirname(path), `wardkeep${extname(path)}`)
  const wiring = isModule(path) && stack !== undefined ? wiringFor(stack, language, whereOf(path, folder)) : undefined
  const isTaken = wiring !== undefined && (name === path || isThere(name))
  const beside = wiring && !isTaken ? { path: name, text: wiring.text } : undefined
  const files = beside === undefined ? [policy] : [policy, beside]
  const confirmed = (await options.confirm?.(files)) ?? true
  if (confirmed) await writeNew(files, folder)
  return {
    confirmed,
    path,
    draft,
    stack,
    wiring: beside && wiring && { path: beside.path, steps: wiring.steps },
    taken: isTaken ? name : undefined,
    changeOwner: ownerChanges(draft, tables),
  }
}

/** How a module in .mts is imported depends on what builds the application. */
const isModule = (path: string): boolean => /\.(ts|js|mjs)$/.test(path)

function languageOf(path: string, stack: Stack | undefined): Language {
  if (/\.m?ts$/.test(path)) return "typescript"
  return path.endsWith(".mjs") ? "esm" : (stack?.modules ?? "commonjs")
}

const whereOf = (path: string, folder: string) => ({
  folder: dirname(path),
  policy: basename(path),
  prisma: prismaClientAt(folder),
})

function ownerChanges({ schema, tables }: Draft, seen: readonly SeenTable[]): string[] {
  const { owner } = roleNames({ deployment: "main" })
  const covered = new Set(tables.filter((table) => table.scope !== "unmanaged").map((table) => table.name))
  return seen
    .filter((table) => covered.has(table.name) && table.owner !== owner)
    .map((table) => `alter table ${schema}.${table.name} owner to ${owner};`)
}

/** A link that leads nowhere counts, too. What cannot be asked cannot be written either, which says why. */
function isThere(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}

const tablesQuery = `
select c.relname::text as name, pg_get_userbyid(c.relowner)::text as owner,
  (select coalesce(array_agg(a.attname::text order by a.attnum), '{}') from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select coalesce(array_agg(a.attname::text order by a.attnum), '{}') from pg_constraint k
     join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey) where k.conrelid = c.oid and k.contype = 'p') as key,
  (select coalesce(jsonb_object_agg(r.column, r.parents), '{}') from (
     select a.attname as column, jsonb_agg(distinct p.relname) as parents
       from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
       join pg_class p on p.oid = k.confrelid
      where k.conrelid = c.oid and k.contype = 'f' and cardinality(k.conkey) = 1 group by a.attname) r) as "references"
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relkind in ('r', 'p') and not c.relispartition
  and coalesce(obj_description(c.oid, 'pg_class'), '') not like 'wardkeep:%'
order by c.relname`

async function readTables(client: pg.Client, schema: string): Promise<SeenTable[]> {
  const { rows } = await client.query<SeenTable>(tablesQuery, [schema])
  return rows
}

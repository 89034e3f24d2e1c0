import { lstatSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { basename, dirname, join, relative, resolve } from "node:path"
import { roleNames, WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import { administrator, withClient } from "../connection/connect.js"
import type { Connection } from "../connection/owner.js"
import { type Draft, draftPolicy, type Named, policyJson, policyText, type SeenTable } from "./draft.js"
import { detectStack, prismaModule, type Stack } from "./stack.js"
import { type Wiring, wiringFor } from "./wiring.js"

export interface InitOptions extends Named {
  readonly connection: Connection
  readonly folder?: string
  /** Default `wardkeep.policy.ts`; a name ending in `.json` gives a JSON document. */
  readonly out?: string | undefined
  /** Default `public`. */
  readonly schema?: string | undefined
  /** Sees what would be written; nothing is when it says no. Default: yes. */
  readonly confirm?: (files: readonly NewFile[]) => Promise<boolean>
}

export interface NewFile {
  readonly path: string
  readonly text: string
}

export interface InitResult {
  readonly confirmed: boolean
  readonly path: string
  readonly draft: Draft
  readonly stack: Stack
  /** Beside the policy file, where the stack is one that `init` writes for and its name is free. */
  readonly wiring: (Pick<Wiring, "steps"> & { readonly path: string }) | undefined
  /** What has the wiring's name already, and stays as it is. */
  readonly taken: string | undefined
  /** Covered tables that do not belong to the owner role yet, as statements for whoever owns them. */
  readonly changeOwner: readonly string[]
}

/**
 * Writes a first policy file from what a database looks like, and beside it what wires Express or Next and Prisma or Drizzle to it,
 * as `package.json` names them. Reads the catalog, `package.json` and the schema of Prisma only, changes no file that is there, and
 * asks nothing but `confirm`.
 *
 * @throws WK009 the policy file exists, or tenant and branch cannot be told · WK002 no tables · WK005
 * @example await init({ connection: { env: process.env } })
 */
export async function init(options: InitOptions): Promise<InitResult> {
  const { connection, folder = process.cwd(), out = "wardkeep.policy.ts", schema = "public" } = options
  const path = resolve(folder, out)
  if (!/\.(ts|mts|json)$/.test(path)) {
    throw new WardkeepError("WK009", {
      message: `${out} cannot be written`,
      hint: "End the name in .ts, .mts or .json.",
    })
  }
  refuseOverwriting(path, folder)
  const tables = await withClient({ ...connection, variables: administrator }, (client) => readTables(client, schema))
  if (tables.length === 0) {
    throw new WardkeepError("WK002", {
      message: `the schema ${schema} has no tables`,
      hint: "Run your own migrations first, or name another schema with --schema.",
    })
  }
  const draft = draftPolicy(schema, tables, options)
  const stack = detectStack(folder)
  // How a module in .mts is imported depends on what builds the application.
  const wiring = path.endsWith(".ts") ? wiringFor(stack, whereOf(path, folder)) : undefined
  const policy: NewFile = { path, text: path.endsWith(".json") ? policyJson(draft) : policyText(draft) }
  const name = join(dirname(path), "wardkeep.ts")
  const isTaken = wiring !== undefined && (name === path || isThere(name))
  const beside = wiring && !isTaken ? { path: name, text: wiring.text } : undefined
  const files = beside === undefined ? [policy] : [policy, beside]
  const confirmed = (await options.confirm?.(files)) ?? true
  if (confirmed) for (const file of files) await write(file, folder)
  const { owner } = roleNames({ deployment: "main" })
  const covered = new Set(draft.tables.filter((table) => table.scope !== "unmanaged").map((table) => table.name))
  const changeOwner = tables
    .filter((table) => covered.has(table.name) && table.owner !== owner)
    .map((table) => `alter table ${schema}.${table.name} owner to ${owner};`)
  return {
    confirmed,
    path,
    draft,
    stack,
    wiring: beside && wiring && { path: beside.path, steps: wiring.steps },
    taken: isTaken ? name : undefined,
    changeOwner,
  }
}

const whereOf = (path: string, folder: string) => ({
  folder: dirname(path),
  policy: basename(path, ".ts"),
  prismaModule: prismaModule(folder),
})

async function write({ path, text }: NewFile, folder: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx" })
  } catch (cause) {
    refuseOverwriting(path, folder)
    throw new WardkeepError("WK009", {
      message: `${relative(folder, path)} cannot be written`,
      hint: "Check the folder.",
      cause,
    })
  }
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

function refuseOverwriting(path: string, folder: string): void {
  if (!isThere(path)) return
  throw new WardkeepError("WK009", {
    message: `${relative(folder, path)} exists and is never overwritten`,
    hint: "Remove it first, or write another file with --out.",
  })
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

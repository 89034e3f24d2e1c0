import { type Actor, isAction, type Policy, splitName, WardkeepError } from "@wardkeep/core"
import { type Context, compileMatrix, explain, type Matrix } from "@wardkeep/permissions"
import { asOwner, drift, inTenant, type Queryable } from "@wardkeep/postgres/migrate"
import { type Connection, withInstalled } from "../../connection/owner.js"
import { assignmentTables, readTables, type TableFacts, tenantKeyOf, typesOf } from "./catalog.js"
import { ownKey, type RealRow, readRows, rowOfKey } from "./cells/rows.js"
import { readPurposeBits } from "./consent.js"
import { consentLayer, databaseLayers, type Held, readHeld } from "./why-database.js"

export interface WhyOptions {
  readonly policy: Policy
  readonly connection: Connection
  readonly as: string
  readonly branch: string
  readonly action: string
  /** `patient:123`; several parts of a key are separated by commas. */
  readonly row: string
  readonly actor?: string | undefined
  readonly purpose?: string | undefined
  /** Seconds since the second factor; without it there was none. */
  readonly mfaAge?: number | undefined
  readonly columns?: readonly string[] | undefined
  /** Default: the clock of the database. */
  readonly now?: Date
}

/** One thing that was asked; `holds` is null where nobody here can know. */
export interface WhyLayer {
  readonly layer: string
  readonly holds: boolean | null
  /** What was asked, in words; never a value of the row. */
  readonly text: string
  /** The place in the policy file. */
  readonly rule: string | null
  readonly parts: readonly { readonly text: string; readonly holds: boolean }[]
}

export interface Why {
  readonly effect: "allow" | "deny"
  readonly question: string
  readonly layers: readonly WhyLayer[]
}

interface Asked {
  readonly options: WhyOptions
  readonly role: Actor
  readonly table: TableFacts
  readonly tables: ReadonlyMap<string, TableFacts>
  readonly matrix: Matrix
  readonly tenant: string
  readonly now: Date
}

/**
 * Says why a role may or may not do something with one row: every layer of the matrix, each part of its conditions on that
 * row, then what the database holds. It reads as the owner, under the fence of the branch's clinic and recorded; a row of
 * another clinic is not there for it either. No value of the row is in the answer.
 *
 * @throws WK009 an option · WK002 not installed, or no such table or branch · WK005 · WK307 neither migrator nor administrator
 * @example const { effect, layers } = await why({ policy, connection, as: "reception", branch, action: "read", row: `patient:${id}` })
 */
export async function why(options: WhyOptions): Promise<Why> {
  const { policy, connection } = options
  return await withInstalled(connection, async (client) => {
    const asked = await asOwner(client, policy, () => prepare(client, options))
    const found = await findRow(client, asked)
    return await asOwner(client, policy, () => answer(client, asked, found))
  })
}

async function answer(client: Queryable, asked: Asked, found: Found): Promise<Why> {
  const { options, role, table, tenant, now } = asked
  const { policy, actor, branch, action } = options
  const held = await readHeld(client, { policy, role, actor, tenant, branch, now })
  const subject = found.row === null ? null : subjectOf(policy, table, found.row)
  const rule = isAction(action) ? role.can.get(table.name)?.rules[action] : undefined
  const purpose = options.purpose ?? role.purposes.find((one) => rule?.purposes?.includes(one) ?? true) ?? ""
  const deciding = [
    ...matrixLayers(asked, found, { held, purpose, subject }),
    ...consentLayer({ policy, table, purpose, now, row: found.row, bits: await readPurposeBits(client, policy) }),
    ...(await databaseLayers(client, { policy, role, table: table.name, action, actor, purpose, held, subject })),
  ]
  const effect = deciding.some(({ holds }) => holds === false) ? "deny" : "allow"
  // Drift is a reason to doubt the answer, in either direction, and none to allow or deny.
  const layers = [...deciding, await asCompiled(client, policy, table.name)]
  return {
    effect,
    question: `may ${role.name} ${action} this row of ${table.name}, standing in the branch ${branch}?`,
    layers,
  }
}

async function asCompiled(client: Queryable, policy: Policy, table: string): Promise<WhyLayer> {
  const found = (await drift({ client, policy })).map(({ object }) => object).filter((object) => object.includes(table))
  const objects = [...new Set(found)]
  const right = objects.length === 0
  const text = right
    ? "grants and policies of the table are those of the policy file"
    : `not those of the policy file, so that the database may answer otherwise: ${objects.join(", ")}`
  return { layer: "drift", holds: right, text, rule: null, parts: [] }
}

async function prepare(client: Queryable, options: WhyOptions): Promise<Asked> {
  const { policy, as, action, branch, row } = options
  const known = policy.actors.map(({ name }) => name)
  const role = policy.actors.find(({ name }) => name === as)
  if (role === undefined)
    throw new WardkeepError("WK009", {
      message: "--as names no role of the policy file",
      hint: `Write one of ${known.join(", ")}.`,
    })
  if (!isAction(action)) throw new WardkeepError("WK009", { message: "--action names no action" })
  const tables = await readTables(client, policy)
  const { schema, name } = splitName(row.slice(0, Math.max(0, row.indexOf(":"))), policy.schema)
  const table = tables.get(`${schema}.${name}`)
  if (table === undefined)
    throw new WardkeepError("WK009", {
      message: "--row names no table of the policy file",
      hint: "Write table:key, such as patient:123.",
    })
  const { rows } = await client.query<{ tenant: string }>(
    "select tenant from wardkeep.known_branch where branch = $1",
    [branch],
  )
  const [place] = rows
  if (place === undefined) throw new WardkeepError("WK009", { message: "--branch names no branch of this database" })
  const clock = await client.query<{ now: Date }>("select clock_timestamp() as now")
  const now = options.now ?? clock.rows[0]?.now ?? new Date(Number.NaN)
  const matrix = compileMatrix(policy, { columnTypes: typesOf(tables), tenantKey: tenantKeyOf(policy, tables) })
  return { options, role, table, tables, matrix, tenant: place.tenant, now }
}

interface Found {
  readonly row: RealRow | null
  readonly assignments: NonNullable<Context["assignments"]>
}

async function findRow(client: Queryable, { options, table, tables, tenant }: Asked): Promise<Found> {
  const { policy, row, branch } = options
  const key = row.slice(row.indexOf(":") + 1).split(",")
  const columns = ownKey(policy, table)
  if (columns.length === 0)
    throw new WardkeepError("WK009", { message: `${table.name} has no primary key to find a row by` })
  if (key.length !== columns.length || key.some((part) => part === ""))
    throw new WardkeepError("WK009", {
      message: `the key of ${table.name} is ${columns.join(", ")}`,
      hint: "Write table:key, its parts separated by commas.",
    })
  return await inTenant(client, policy, tenant, "wardkeep why", async (q) => {
    const assignments: Record<string, RealRow["values"][]> = {}
    for (const name of assignmentTables(policy)) {
      const from = tables.get(name)
      if (from === undefined) continue
      assignments[name] = (await readRows(q, policy, from, branch)).map(({ values }) => values)
    }
    return { row: await rowOfKey(q, policy, table, key), assignments }
  })
}

interface Supposed {
  readonly held: Held
  readonly purpose: string
  readonly subject: string | null
}

function matrixLayers(
  { options, role, table, matrix, tenant, now }: Asked,
  { row, assignments }: Found,
  { held, purpose, subject }: Supposed,
): WhyLayer[] {
  const { action, branch, mfaAge, columns, actor = "" } = options
  // Where nobody here knows whom the context reaches, the rest is answered as if it reached whom the row is about.
  const only = held.subjects ?? (subject === null ? [] : [subject])
  const context: Context = {
    actor,
    role: role.name,
    service: role.kind === "service",
    purpose,
    tenant,
    branches: [branch],
    groups: held.groups,
    mfaAt: mfaAge === undefined ? null : new Date(now.getTime() - mfaAge * 1000),
    now,
    assignments,
    ...(role.confined && { only }),
  }
  const question = {
    action,
    table: table.name,
    ...(columns !== undefined && { columns }),
    ...(row !== null && { row: row.values, ...(action === "update" && { after: row.values }) }),
  }
  const supposed = role.confined && held.subjects === null && table.level !== "global"
  // What the person of the row decided stands on the row: `consentLayer` reads it.
  const asked = explain(matrix, context, question).layers.filter(({ layer }) => layer !== "consent")
  const layers = asked.map(({ layer, holds, text, rule: at, conjuncts = [] }): WhyLayer => {
    const open = supposed && layer === "break-glass" && holds
    return { layer, holds: open ? null : holds, text: open ? reaches : text, rule: at, parts: conjuncts }
  })
  // A row that stays where it is stands in its fence twice, before the change and after it.
  if (row !== null) return [...new Map(layers.map((one) => [JSON.stringify(one), one])).values()]
  const missing = "no row of this key is in the clinic of this branch; whether another clinic has one is not told"
  return [...layers, { layer: "fence", holds: false, text: missing, rule: null, parts: [] }]
}

const reaches =
  "the role reaches named subjects only: whether the one that this row is about is among them is in the context, which is not known here"

function subjectOf(policy: Policy, table: TableFacts, row: RealRow): string | null {
  const column = policy.tables.get(table.name)?.subject
  return column === undefined ? null : (row.texts.get(column) ?? null)
}

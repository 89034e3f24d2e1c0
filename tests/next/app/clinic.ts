import { headers } from "next/headers"
import { createWardkeep, type Policy, type Scope, type Session, type Wardkeep } from "wardkeep"
import { type NextStore, nextContext, nextStore } from "wardkeep/next"
import { definePolicy } from "wardkeep/policy"

/** What the test gives to its server, which runs in the same process. */
export interface World {
  readonly connectionString: string
  readonly policy: Policy
  session(cookie: string | undefined): Promise<Session | undefined>
  scope(branch: string | undefined): Scope
  /** The other way: the client that the application made. */
  client?: { readonly wk: Wardkeep; readonly store: NextStore }
}

/** Undefined while Next builds, which loads every module and calls none of the functions below. */
const given = (globalThis as typeof globalThis & { wardkeepWorld?: World }).wardkeepWorld

const anyPolicy = definePolicy({
  tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
  tables: { clinic: { scope: "tenant" }, branch: { scope: "tenant" } },
  purposes: { care: { basis: "s7a" } },
  roles: { reader: { purposes: ["care"], can: { branch: "read" } } },
})

function make() {
  const store = nextStore(headers)
  const connectionString = given?.connectionString ?? "postgres://127.0.0.1:1/none"
  const policy = given?.policy ?? anyPolicy
  return { store, wk: createWardkeep({ pool: { connectionString, max: 3 }, policy, contextStore: store }) }
}

// Next may load this module more than once, for pages and for route handlers.
const client = given?.client ?? make()
if (given !== undefined) given.client = client
export const { wk } = client

export const clinic = nextContext(wk, {
  store: client.store,
  session: async () => await given?.session((await headers()).get("cookie") ?? undefined),
  scope: async () => given?.scope((await headers()).get("x-branch") ?? undefined) ?? {},
})

export interface Row extends Record<string, unknown> {
  readonly clinic_id: string
  readonly full_name: string
}

export const list = async (): Promise<Row[]> => (await wk.query<Row>("select clinic_id, full_name from patient")).rows

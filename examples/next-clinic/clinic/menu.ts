import { type OpenLogin, policy } from "@wardkeep/example-express-clinic"
import { compileMatrix, type Matrix, slice } from "@wardkeep/permissions"
import { takenFromRole } from "wardkeep"
import { parts } from "./parts"
import { reportFile } from "./report"

/** Roles and tables by any name: those of a session come from the database. */
export const matrix: Matrix = compileMatrix(policy)

export type Place =
  | "day"
  | "patients"
  | "invoices"
  | "emergency"
  | "accesses"
  | "seen"
  | "emergencies"
  | "team"
  | "matrix"
  | "report"
  | "sessions"

export interface May {
  readonly role: string
  readonly places: readonly Place[]
  does(action: "create" | "read" | "update" | "delete" | "download" | "export", table: string): boolean
  reads(table: string, column: string): boolean
  changes(table: string, column: string): boolean
}

const paths: Record<Place, string> = {
  day: "/day",
  patients: "/patients",
  invoices: "/invoices",
  emergency: "/emergency",
  accesses: "/privacy/accesses",
  seen: "/privacy/seen",
  emergencies: "/emergencies",
  team: "/team",
  matrix: "/matrix",
  report: "/report",
  sessions: "/sessions",
}
export const pathOf = (place: Place): string => paths[place]

export const roleOf = (login: OpenLogin): string => login.session.grants[0]?.role ?? ""

/**
 * What the role could do with some row, less what the clinic took from it: for menus and buttons. The database decides about
 * the row. Called in the context.
 */
export async function mayOf(login: OpenLogin): Promise<May> {
  const role = roleOf(login)
  const { could, columns } = slice(matrix, role, { taken: await takenFromRole(parts.wk) })
  const of = (table: string) => could[`public.${table}`]
  const does: May["does"] = (action, table) => of(table)?.[action] === true
  const reviews = policy.detection?.reviewedBy.includes(role) === true
  const watches = reviews || policy.breakGlass?.reviewedBy.includes(role) === true
  const has: Record<Place, boolean> = {
    day: does("read", "appointment") && !watches,
    patients: does("read", "patient"),
    invoices: does("read", "invoice"),
    emergency: policy.breakGlass?.from.includes(role) === true,
    accesses: reviews,
    seen: reviews && process.env.MIGRATOR_DATABASE_URL !== undefined,
    emergencies: policy.breakGlass?.reviewedBy.includes(role) === true,
    team: policy.actors.some(({ kind, name, mayGrant }) => kind === "role" && name === role && mayGrant.length > 0),
    matrix: watches,
    report: watches && reportFile() !== undefined,
    sessions: true,
  }
  return {
    role,
    places: (Object.keys(paths) as Place[]).filter((place) => has[place]),
    does,
    reads: (table, column) => columns[`public.${table}`]?.read.includes(column) === true,
    changes: (table, column) => columns[`public.${table}`]?.update.includes(column) === true,
  }
}

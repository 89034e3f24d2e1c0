import {
  type Actor,
  type ColumnSet,
  type Finding,
  isTied,
  type Permission,
  type Policy,
  WardkeepError,
} from "@wardkeep/core"
import { databaseRole } from "./actors.js"
import { isWalled, waits, wallColumns } from "./consent-wall.js"
import { meetsSecurityFloor } from "./floor.js"
import { oracleKeys } from "./indexes.js"
import { type ScopedTable, scopeColumns, tablesOf } from "./scope.js"

/** The privileges of one role on one table; `null` means the whole table, a list means these columns. */
export interface TablePrivileges {
  readonly role: string
  readonly select: readonly string[] | null | false
  readonly insert: readonly string[] | null | false
  readonly update: readonly string[] | false
  readonly delete: boolean
  /** Columns the role may not read, though it may read others. */
  readonly hidden: readonly string[]
  /** It reads only what a condition, a purpose, a second factor or its people allow. */
  readonly tied: boolean
}

export interface PrivilegeResult {
  readonly privileges: TablePrivileges[]
  readonly findings: Finding[]
}

/**
 * From the matrix to column privileges of one table.
 *
 * @throws WK001 a role may update what is set once: tenant, branch, key or subject
 */
export function tablePrivileges(policy: Policy, entry: ScopedTable, serverVersion: number): PrivilegeResult {
  const privileges: TablePrivileges[] = []
  const findings: Finding[] = []
  for (const actor of policy.actors) {
    const permission = actor.can.get(entry.table.name)
    if (permission === undefined) continue
    privileges.push(rolePrivileges(policy, actor, permission, entry, serverVersion, findings))
  }
  return { privileges, findings }
}

function rolePrivileges(
  policy: Policy,
  actor: Actor,
  permission: Permission,
  entry: ScopedTable,
  serverVersion: number,
  findings: Finding[],
): TablePrivileges {
  const role = databaseRole(policy, actor)
  const all = [...entry.table.columns.values()]
  const names = all.map((column) => column.name)
  const { read, create, update: change } = permission.rules
  const readable = read === undefined || read.columns === "all" ? names : read.columns
  const hidden = names.filter((column) => !readable.includes(column))
  const fixed = [...fixedColumns(entry), ...Object.keys(wallColumns)]
  const writable = all.filter((column) => !column.generated && !hidden.includes(column.name))
  const update = updateColumns(
    change?.columns ?? false,
    actor.name,
    entry,
    writable.map((column) => column.name),
    fixed,
  )
  let insert: readonly string[] | null | false = false
  if (create?.columns === "all") insert = hidden.length === 0 ? null : writable.map((column) => column.name)
  else if (create !== undefined) {
    const listed = create.columns
    const scope = scopeColumns(entry).map(([column]) => column)
    insert = writable
      .filter(
        (column) =>
          listed.includes(column.name) || scope.includes(column.name) || column.default !== null || column.identity,
      )
      .map((column) => column.name)
      .concat(listed.filter((column) => hidden.includes(column)))
  }
  if (insert !== false && update !== false && !meetsSecurityFloor(serverVersion)) {
    insert = closeConflictOracle(entry, role, insert, names, findings)
  }
  findings.push(...unreadKeys(entry, role, read === undefined ? names : hidden, insert, update))
  return {
    role,
    select: read === undefined ? false : read.columns === "all" ? null : read.columns,
    insert,
    update,
    delete: permission.rules.delete !== undefined,
    hidden,
    tied: read !== undefined && (isTied(read) || (isWalled(policy, entry) && waits(policy, actor))),
  }
}

/** Whoever writes into a unique key is told what is taken; of a column that the policy file hides from it that is a guess answered. */
function unreadKeys(
  entry: ScopedTable,
  role: string,
  unread: readonly string[],
  insert: readonly string[] | null | false,
  update: readonly string[] | false,
): Finding[] {
  const inserts = (column: string): boolean => insert === null || (insert !== false && insert.includes(column))
  const updates = (column: string): boolean => update !== false && update.includes(column)
  const told = new Set(
    tablesOf(entry)
      .flatMap(({ uniques }) => uniques.flat())
      .filter(
        (column) => unread.includes(column) && !entry.key.includes(column) && (inserts(column) || updates(column)),
      ),
  )
  for (const [column] of scopeColumns(entry)) told.delete(column)
  return [...told].map((column) => ({
    check: "unread-key-oracle",
    severity: "oracle",
    object: `${entry.table.name}.${column}`,
    message: `${role} may not read the column and may write it, and a unique key holds it: writing tells whether a value is there`,
    fix: "Let the role read the column, take it from its create and update, or take it from the key",
  }))
}

/** Where a row belongs and whom it is about is decided when it is made. */
function fixedColumns(entry: ScopedTable): string[] {
  const fixed = scopeColumns(entry).map(([column]) => column)
  return [...new Set([...fixed, ...entry.key, ...(entry.rule.subject === undefined ? [] : [entry.rule.subject])])]
}

function updateColumns(
  wanted: ColumnSet | false,
  actor: string,
  entry: ScopedTable,
  writable: readonly string[],
  fixed: readonly string[],
): readonly string[] | false {
  if (wanted === false) return false
  if (wanted === "all") return writable.filter((column) => !fixed.includes(column))
  const refused = wanted.filter((column) => fixed.includes(column))
  if (refused.length > 0) {
    throw new WardkeepError("WK001", {
      message: `${actor} may not update ${refused.join(", ")} of ${entry.table.name}: tenant, branch, key, subject and consent are not a role's to set`,
    })
  }
  return wanted
}

/**
 * Below the security floor `insert … on conflict (key) do update … where` prints another branch's row when the key
 * does not lead with the scope (CVE-2026-120154, measured on 15.18 and 18.4): such a key is then not insertable.
 */
function closeConflictOracle(
  entry: ScopedTable,
  role: string,
  insert: readonly string[] | null,
  names: readonly string[],
  findings: Finding[],
): readonly string[] {
  const risky = new Set(oracleKeys(entry).flat())
  const scope = new Set(scopeColumns(entry).map(([column]) => column))
  const columns = insert ?? names.filter((name) => entry.table.columns.get(name)?.generated !== true)
  const kept = columns.filter((column) => !risky.has(column) || scope.has(column))
  for (const column of columns) {
    const present = entry.table.columns.get(column)
    const withdrawn = !kept.includes(column)
    if (withdrawn && present?.default === null && !present.identity && present.notNull) {
      findings.push({
        check: "conflict-oracle-below-floor",
        severity: "hygiene",
        object: `${entry.table.name}.${column}`,
        message: `${role} may not insert this key on a server below the security floor, and it has no default: inserts fail until the key leads with the scope or the server is upgraded`,
        fix: "Make the key lead with tenant and branch, give the column a default, or upgrade the server",
      })
    }
  }
  return kept
}

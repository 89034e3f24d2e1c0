import {
  type Actor,
  type Crossings,
  type Json,
  type Policy,
  quoteIdent,
  quoteLiteral,
  WardkeepError,
} from "@wardkeep/core"
import type { Catalog, CatalogTable } from "./catalog.js"
import { shownRows } from "./consent-wall.js"
import { ownColumn } from "./references.js"
import { type ScopedTable, scopeColumns } from "./scope.js"
import { type Managed, qualified } from "./step.js"
import { ownKey } from "./through.js"

/** As the functions of `wardkeep` read it. */
export type JsonObject = { readonly [key: string]: Json }

type Scoped = ReadonlyMap<string, ScopedTable>

/** What functions of the schema `wardkeep` call for referrals and moves; nobody is granted them. */
export function crossings(policy: Policy, catalog: Catalog, scoped: Scoped, branchKey: string): Managed[] {
  const { crossings: rule } = policy
  if (rule === null) return []
  const people = entryOf(scoped, rule.people)
  return [
    ...(rule.referral === null ? [] : [isPerson(policy, people)]),
    ...(rule.movedBy.length === 0 ? [] : [movePerson(policy, people, scoped)]),
    ...(rule.mergedBy.length === 0 ? [] : mergeBranch(policy, catalog, scoped, branchKey)),
  ]
}

/** The tables that a referral can name, and where the functions above are, as the functions of `wardkeep` read it. */
export function crossingsRow(policy: Policy): JsonObject | null {
  const { crossings: rule, schema } = policy
  if (rule === null) return null
  return { people: rule.people, schema, movedBy: rule.movedBy, mergedBy: rule.mergedBy, ...referralRow(policy, rule) }
}

function referralRow(policy: Policy, { referral }: Crossings): JsonObject {
  if (referral === null) return {}
  const { longestSeconds, writes: _said, ...rest } = referral
  const tables = referredTables(policy)
  return { referral: { ...rest, longest: longestSeconds, tables, schema: policy.schema } }
}

/** What belongs to a clinic of the tables that the role of referrals reaches. */
export function referredTables(policy: Policy): string[] {
  const role = policy.actors.find((actor) => isReferralRole(policy, actor))
  return [...(role?.can ?? [])]
    .filter(([table, { rules }]) => Object.keys(rules).length > 0 && policy.tables.get(table)?.scope !== "global")
    .map(([table]) => table)
    .sort()
}

export function isReferralRole({ crossings: rule }: Policy, { kind, name }: Actor): boolean {
  return kind === "role" && name === rule?.referral?.role
}

function isPerson(policy: Policy, people: ScopedTable): Managed {
  const body = `begin
  return exists (select from ${qualified(people.table.name)} t where ${ofBranch(people, "t", "$1")} and ${isSpelled(people, "t", "$2")}${shownRows(people, "t")});
exception when invalid_text_representation then
  return false;
end`
  return ownFunction(
    policy,
    "wk_is_person",
    ["text", "text"],
    "boolean",
    body,
    "asks under the fence whether a person is there",
  )
}

/**
 * Moves in one statement: foreign keys are checked at its end, when every row is of the other branch. What hangs on the
 * person: tables that name a subject, and tables whose foreign key leads to a row that moves.
 */
function movePerson(policy: Policy, people: ScopedTable, scoped: Scoped): Managed {
  const moving = movedTables(people, scoped)
  const updates = [...moving].map(([name, rows]) => [entryOf(scoped, name), rows("t")] as const)
  return ownFunction(
    policy,
    "wk_move_person",
    ["text", "text", "text"],
    "jsonb",
    moveBody(updates),
    "moves a person and all that hangs on it",
  )
}

type Rows = (alias: string) => string

/** Each table that moves, with the condition that finds its rows in the branch that is left. */
function movedTables(people: ScopedTable, scoped: Scoped): Map<string, Rows> {
  const found = new Map<string, Rows>()
  for (const entry of [people, ...scoped.values()])
    if (entry.branch !== null && entry.rule.subject !== undefined && !isShared(entry))
      found.set(
        entry.table.name,
        (alias) => `${ofBranch(entry, alias, "$1")} and ${isSpelled(entry, alias, "$3")}${shownRows(entry, alias)}`,
      )
  for (let before = -1; before !== found.size; ) {
    before = found.size
    for (const entry of scoped.values()) {
      if (found.has(entry.table.name) || entry.branch === null) continue
      const links = linksTo(entry, found, scoped)
      if (links.length > 0)
        found.set(
          entry.table.name,
          (alias) => `${ofBranch(entry, alias, "$1")} and (${links.map((rows) => rows(alias)).join(" or ")})`,
        )
    }
  }
  return found
}

const isShared = ({ link }: ScopedTable): boolean => link !== null

/**
 * What leads from a row of a table to a row that moves: its parent, and foreign keys within the branch. Without the scope
 * columns, which the same plan may add to both.
 */
function linksTo(entry: ScopedTable, found: ReadonlyMap<string, Rows>, scoped: Scoped): Rows[] {
  const alias = `p${found.size}`
  return references(entry, scoped).flatMap(({ parent, pairs }) => {
    const rows = found.get(parent.table.name)
    if (rows === undefined || parent.table.name === entry.table.name) return []
    const same = (child: string): string =>
      pairs.map(([theirs, mine]) => `${alias}.${quoteIdent(theirs)} = ${child}.${quoteIdent(mine)}`).join(" and ")
    return [
      (child) =>
        `exists (select from ${qualified(parent.table.name)} ${alias} where ${same(child)} and ${rows(alias)})`,
    ]
  })
}

interface Reference {
  readonly parent: ScopedTable
  readonly pairs: readonly (readonly [theirs: string, mine: string])[]
}

function references(entry: ScopedTable, scoped: Scoped): Reference[] {
  const owner = entry.through === null ? undefined : scoped.get(entry.through.parent)
  const own = owner === undefined ? [] : [{ parent: owner, pairs: [[ownKey(owner), entry.through?.by ?? ""] as const] }]
  const keys = entry.table.constraints.flatMap((fk): Reference[] => {
    const parent = fk.type === "f" && fk.parent !== null ? scoped.get(fk.parent) : undefined
    if (parent === undefined || parent === owner || parent.branch === null) return []
    const scope = scopeColumns(parent).map(([column]) => column)
    const pairs = fk.parentColumns.map((theirs, index) => [theirs, fk.columns[index] ?? ""] as const)
    const leaves = pairs.some(([theirs, mine]) => scope.includes(theirs) && ownColumn(entry, parent, theirs) !== mine)
    const rest = pairs.filter(([theirs]) => !scope.includes(theirs))
    return leaves || rest.length === 0 ? [] : [{ parent, pairs: rest }]
  })
  return [...own, ...keys]
}

function mergeBranch(policy: Policy, catalog: Catalog, scoped: Scoped, key: string): Managed[] {
  const moving = [...scoped.values()].filter(({ branch, link }) => branch !== null && link === null)
  const updates = moving.map((entry) => [entry, ofBranch(entry, "t", "$1")] as const)
  const branches = entryOf(scoped, policy.tenancy.branch)
  const type = branches.table.columns.get(key)?.type ?? "text"
  const mine = `t.${quoteIdent(branches.tenant?.column ?? "")} = wardkeep.tenant()::${branches.tenant?.type ?? "text"} and t.${quoteIdent(key)} = $1::${type}`
  const target = qualified(branches.table.name)
  const followers = cascades(catalog, branches.table, key, new Set(moving.map(({ table }) => table.name)))
  const hold = `begin
  perform from ${target} t where ${mine} for update;
  return to_jsonb(found);
end`
  const close = `begin
${followers.map((table) => refusal(table, type)).join("\n")}
  delete from ${target} t where ${mine};
  return to_jsonb(found);
end`
  return [
    ownFunction(policy, "wk_hold_branch", ["text"], "jsonb", hold, "holds a branch that is merged into another one"),
    ownFunction(policy, "wk_merge_branch", ["text", "text"], "jsonb", moveBody(updates), "moves every row of a branch"),
    ownFunction(policy, "wk_close_branch", ["text"], "jsonb", close, "takes away a branch that was merged"),
  ]
}

/** Tables that do not move and that the branch's row would take along. */
function cascades(
  { tables }: Catalog,
  { name }: CatalogTable,
  key: string,
  moving: ReadonlySet<string>,
): { table: string; column: string; constraint: string }[] {
  return [...tables.values()].flatMap((table) =>
    table.partitionOf !== null || moving.has(table.name)
      ? []
      : table.constraints
          .filter((fk) => fk.type === "f" && fk.parent === name && ["c", "n", "d"].includes(fk.onDelete))
          .map((fk) => ({
            table: table.name,
            column: fk.columns[fk.parentColumns.indexOf(key)] ?? "",
            constraint: fk.name,
          })),
  )
}

function refusal(
  { table, column, constraint }: { table: string; column: string; constraint: string },
  type: string,
): string {
  const message = `the branch would take rows along: ${constraint} of ${table}`
  return `  if exists (select from ${qualified(table)} x where x.${quoteIdent(column)} = $1::${type}) then
    raise exception using errcode = 'WK231', message = ${quoteLiteral(message)}, hint = 'Move or remove them first.';
  end if;`
}

function moveBody(updates: readonly (readonly [ScopedTable, string])[]): string {
  const parts = updates.map(([{ table, branch }, rows], index) => {
    const set = `${quoteIdent(branch?.column ?? "")} = $2::${branch?.type ?? "text"}`
    return `m${index} as (update ${qualified(table.name)} t set ${set} where ${rows} returning 1)`
  })
  const counts = updates.map(([{ table }], index) => `${quoteLiteral(table.name)}, (select count(*) from m${index})`)
  // A function takes at most 100 arguments.
  const objects: string[] = []
  for (let start = 0; start < counts.length; start += 50)
    objects.push(`jsonb_build_object(${counts.slice(start, start + 50).join(", ")})`)
  return `declare
  moved jsonb;
begin
  with ${parts.join(",\n    ")}
    select ${objects.join(" || ")} into moved;
  return moved;
end`
}

function ofBranch({ tenant, branch }: ScopedTable, alias: string, parameter: string): string {
  if (tenant === null || branch === null) throw new WardkeepError("WK901")
  return `${alias}.${quoteIdent(tenant.column)} = (select wardkeep.tenant()::${tenant.type}) and ${alias}.${quoteIdent(branch.column)} = ${parameter}::${branch.type}`
}

function isSubject({ table, rule }: ScopedTable, alias: string, parameter: string): string {
  const subject = rule.subject ?? ""
  return `${alias}.${quoteIdent(subject)} = ${parameter}::${table.columns.get(subject)?.type ?? "text"}`
}

/** And is spelled as the column spells it: sessions, referrals and records of the person are found by that text. */
function isSpelled(entry: ScopedTable, alias: string, parameter: string): string {
  return `${isSubject(entry, alias, parameter)} and ${alias}.${quoteIdent(entry.rule.subject ?? "")}::text = ${parameter}`
}

function entryOf(scoped: Scoped, name: string): ScopedTable {
  const entry = scoped.get(name)
  if (entry === undefined) throw new WardkeepError("WK901")
  return entry
}

/** Runs as whoever calls it: functions of `wardkeep` do, as the owner and in the context of the caller. */
export function ownFunction(
  { schema }: Policy,
  name: string,
  args: readonly string[],
  returns: string,
  body: string,
  why: string,
): Managed {
  const target = `${qualified(`${schema}.${name}`)}(${args.join(", ")})`
  const create = `create or replace function ${target} returns ${returns} language plpgsql volatile set search_path = pg_catalog, pg_temp as $wk$\n${body}\n$wk$`
  return {
    id: `function ${schema}.${name}`,
    phase: "support",
    why,
    create: `${create};\nrevoke execute on function ${target} from public`,
    drop: `drop function if exists ${target}`,
    commentOn: `function ${target}`,
  }
}

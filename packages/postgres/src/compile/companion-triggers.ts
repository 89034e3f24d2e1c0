import { quoteLiteral } from "@wardkeep/core"
import type { ScopedTable } from "./scope.js"
import { hashOf, type Managed, qualified, type Step } from "./step.js"

/** A table of ours that is kept like a table of the policy file by statement triggers: its words, or a look-up's copy. */
export interface Companion {
  readonly entry: ScopedTable
  /** `schema.table` of ours. */
  readonly name: string
  /** What the names of the triggers begin with. */
  readonly triggers: string
  /** `schema.function` of the triggers. */
  readonly maintain: string
  readonly why: string
  /** Which row of ours, `own`, was made from which row of theirs, as a condition. */
  readonly sameRow: (own: string, row: string) => string
  /** The query that makes ours from the rows of a table. */
  readonly rows: (from: string) => string
  /** Ids of functions of ours that the query calls. */
  readonly calls: readonly string[]
  /** FORCEd, so that the owner sees none of its rows without a context. */
  readonly forced: boolean
}

const events = {
  insert: "referencing new table as new_rows",
  update: "referencing old table as old_rows new table as new_rows",
  delete: "referencing old table as old_rows",
  truncate: "",
} as const

type Event = keyof typeof events

/** The argument by which the function tells a partition that is emptied from the whole. */
const partition = "'partition'"

/**
 * PostgreSQL fires the triggers of the table that a statement names, so the partitions have them too, and nothing is done
 * twice. Only TRUNCATE fires those of every table it empties.
 */
export function statementTriggers(companion: Companion, partitions: readonly ScopedTable[]): Managed[] {
  return [
    ...triggersOn(companion, companion.entry.table.name, ""),
    ...partitions.flatMap(({ table }) => triggersOn(companion, table.name, partition)),
  ]
}

function triggersOn(companion: Companion, table: string, argument: string): Managed[] {
  return (Object.keys(events) as Event[]).map((event) => trigger(companion, table, event, argument))
}

function trigger({ triggers, maintain, why }: Companion, table: string, event: Event, argument: string): Managed {
  const name = `${triggers}_${event}`
  const target = qualified(table)
  return {
    id: `trigger ${table} ${name}`,
    phase: "support",
    why,
    create: `create trigger ${name} after ${event} on ${target} ${events[event]} for each statement execute function ${qualified(maintain)}(${argument})`,
    drop: `drop trigger if exists ${name} on ${target}`,
    commentOn: `trigger ${name} on ${target}`,
    on: table,
  }
}

/**
 * What the triggers' function does first: its triggers stay on a partition that is detached and given to another owner, whose
 * rows are not ours to follow.
 */
export function givenAway({ entry }: Companion): string {
  if (entry.table.kind !== "p") return ""
  return `if tg_nargs > 0 and wardkeep.whole_of(tg_relid, tg_name, tg_nargs) is null
    and (select pg_get_userbyid(c.relowner) <> current_user from pg_class c where c.oid = tg_relid) then
    return null;
  end if;
  `
}

/** What the triggers' function does when a table is emptied. The whole may be called otherwise by then, so no name of it is in here. */
export function truncation({ name, sameRow }: Companion): string {
  const own = qualified(name)
  const pattern = (sql: string): string => sql.replaceAll("%", "%%")
  const gone = `delete from ${pattern(own)} w where not exists (select from %s n where ${pattern(sameRow("w", "n"))})`
  return `declare
      whole regclass;
    begin
      if tg_nargs > 0 then
        whole := wardkeep.whole_of(tg_relid, tg_name, tg_nargs);
        if whole is null then
          return null;
        end if;
        lock table ${own} in access exclusive mode;
        if wardkeep.holds_rows(whole) then
          execute format(${quoteLiteral(gone)}, whole);
          return null;
        end if;
      end if;
      truncate ${own};
      return null;
    end;`
}

/** What is known of an object of ours. */
export interface Standing {
  readonly present: ReadonlyMap<string, string>
  readonly changed: ReadonlySet<string>
}

/** It is there as it should be, and nobody changed it since. */
export function stands({ present, changed }: Standing, object: Managed): boolean {
  return !changed.has(object.id) && present.get(object.id) === hashOf(object.create)
}

function isNew({ present, changed }: Standing, triggers: readonly Managed[]): boolean {
  return !triggers.some(({ id }) => present.has(id) || changed.has(id))
}

/**
 * A partition that nothing followed yet brings the rows it has. What was followed and is not now, for whatever reason, may
 * have missed anything, deletions too: everything is made from all rows again then.
 */
export function refills(
  companion: Companion,
  maintainer: Managed,
  partitions: readonly ScopedTable[],
  standing: Standing,
): Step[] {
  const { entry, name, sameRow, calls } = companion
  const own = qualified(name)
  const parts = partitions.map(({ table }) => ({ table, triggers: triggersOn(companion, table.name, partition) }))
  const followed = [
    maintainer,
    ...triggersOn(companion, entry.table.name, ""),
    ...parts.filter(({ triggers }) => !isNew(standing, triggers)).flatMap(({ triggers }) => triggers),
  ]
  if (!followed.every((object) => stands(standing, object)) || calls.some((id) => standing.changed.has(id)))
    return [refill(companion, entry.table.name, `truncate ${own}`)]
  return parts
    .filter(({ table, triggers }) => table.kind === "r" && isNew(standing, triggers))
    .map(({ table }) =>
      refill(companion, table.name, `delete from ${own} w using ${qualified(table.name)} o where ${sameRow("w", "o")}`),
    )
}

/** The owner sees the rows for the length of the step, which holds the locks of the two tables it is about and of no others. */
function refill({ entry, name, triggers, rows, forced }: Companion, table: string, clear: string): Step {
  const own = qualified(name)
  const theirs = qualified(table)
  // In the order in which statements that write to it take them.
  const bare = [...(entry.level === "global" ? [] : [theirs]), ...(forced ? [own] : [])]
  const force = (verb: string): string[] => bare.map((each) => `alter table ${each} ${verb} row level security`)
  return {
    phase: "support",
    object: `${name} of ${table}`,
    why: `${triggers} follow it from here on, and begin with the rows it has`,
    sql: [
      // Pending events would block ALTER TABLE.
      "set constraints all immediate",
      ...force("no force"),
      `lock table ${theirs} in share row exclusive mode`,
      clear,
      `insert into ${own} ${rows(theirs)}`,
      ...force("force"),
    ].join(";\n"),
  }
}

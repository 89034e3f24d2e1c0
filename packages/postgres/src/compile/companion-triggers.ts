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
  }
}

/**
 * What the triggers' function does first: its triggers stay on a partition that is detached and given to another owner, whose
 * rows are not ours to follow. The whole is known by the same function, which nobody else can make a trigger of.
 */
export function givenAway({ entry }: Companion): string {
  if (entry.table.kind !== "p") return ""
  return `if tg_nargs > 0 then
    if (select pg_get_userbyid(c.relowner) <> current_user from pg_class c where c.oid = tg_relid)
      and not exists (select from pg_partition_ancestors(tg_relid) a join pg_trigger whole on whole.tgrelid = a.relid and whole.tgnargs = 0
        join pg_trigger own on own.tgrelid = tg_relid and own.tgname = tg_name and own.tgfoid = whole.tgfoid) then
      return null;
    end if;
  end if;
  `
}

/** What the triggers' function does when a table is emptied. */
export function truncation({ entry, name, sameRow, forced }: Companion): string {
  const own = qualified(name)
  const all = `truncate ${own};
    return null;`
  if (entry.table.kind !== "p") return all
  const theirs = qualified(entry.table.name)
  const read = [theirs, ...(forced ? [own] : [])].map((table) => `${quoteLiteral(table)}::regclass`).join(", ")
  const refusal = quoteLiteral(
    `one partition of ${entry.table.name.replaceAll("%", "%%")} is emptied in maintenance only`,
  )
  // The rows of one partition are gone already; which of ours were theirs shows only where every row is seen.
  return `lock table ${own} in access exclusive mode;
    if tg_nargs = 0 or not exists (select from pg_partition_tree(${quoteLiteral(theirs)}::regclass) t join pg_class c on c.oid = t.relid
        where t.isleaf and (c.relkind <> 'r' or pg_relation_size(c.oid) > 0)) then
      ${all.replace("\n    ", "\n      ")}
    end if;
    if exists (select from pg_class c where c.oid in (${read}) and c.relforcerowsecurity) then
      raise exception ${refusal} using errcode = 'WK307',
        hint = 'Run it inside maintenance() of the whole table, or delete the rows in a backfill.';
    end if;
    delete from ${own} w where not exists (select from ${theirs} n where ${sameRow("w", "n")});
    return null;`
}

/**
 * Rows that a partition holds when its triggers come: it was attached with them, or written to by its name before. The owner
 * sees them for the length of the step, which holds the locks of the two tables it is about and of no others.
 */
export function refills(
  companion: Companion,
  partitions: readonly ScopedTable[],
  stands: (object: Managed) => boolean,
): Step[] {
  const { entry, name, triggers, sameRow, rows, forced } = companion
  const own = qualified(name)
  return partitions
    .filter(({ table }) => table.kind === "r")
    .filter(({ table }) => !triggersOn(companion, table.name, partition).every(stands))
    .map(({ table }) => {
      const target = qualified(table.name)
      const bare = [...(forced ? [own] : []), ...(entry.level === "global" ? [] : [target])]
      const force = (verb: string): string[] => bare.map((each) => `alter table ${each} ${verb} row level security`)
      return {
        phase: "support",
        object: `${name} of ${table.name}`,
        why: `${triggers} follow the partition from here on, and begin with the rows it has`,
        sql: [
          // Pending events would block ALTER TABLE.
          "set constraints all immediate",
          ...force("no force"),
          `lock table ${target} in share row exclusive mode`,
          `delete from ${own} w using ${target} o where ${sameRow("w", "o")}`,
          `insert into ${own} ${rows(target)}`,
          ...force("force"),
        ].join(";\n"),
      }
    })
}

/** Whether an object is there as it should be, and nobody changed it since. */
export function standing(present: ReadonlyMap<string, string>, changed: ReadonlySet<string>) {
  return (object: Managed): boolean => !changed.has(object.id) && present.get(object.id) === hashOf(object.create)
}

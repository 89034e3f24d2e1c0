import { type Policy, quoteIdent, quoteLiteral } from "@wardkeep/core"
import { issuingStopped } from "./open-sessions.js"
import type { ScopedTable } from "./scope.js"
import { hashOf, type Managed, qualified } from "./step.js"

type Kept = "tenant" | "branch"

/** The host's table of tenants or of branches, as its mirror reads it. */
interface Source {
  readonly entry: ScopedTable
  readonly which: Kept
  /** The key, and of a branch its tenant. */
  readonly columns: readonly string[]
  readonly partitions: readonly ScopedTable[]
}

/** Triggers that tell Wardkeep which tenants and branches exist; the first creation also reads what is there. */
export function mirrors(
  policy: Policy,
  tenant: ScopedTable,
  branch: ScopedTable,
  branchKey: string,
  partitionsOf: (entry: ScopedTable) => readonly ScopedTable[],
): Managed[] {
  const key = tenant.tenant?.column ?? ""
  const sources: Source[] = [
    { entry: tenant, which: "tenant", columns: [key], partitions: partitionsOf(tenant) },
    {
      entry: branch,
      which: "branch",
      columns: [branchKey, policy.tenancy.columns.tenant],
      partitions: partitionsOf(branch),
    },
  ]
  return sources.flatMap((source) => [mirror(source), ...truncations(source)])
}

/** PostgreSQL gives partitions a copy of the trigger; one that was switched off comes back with the trigger of the whole. */
export function disturbedMirrors(
  tables: Readonly<Record<Kept, ScopedTable>>,
  partitionsOf: (entry: ScopedTable) => readonly ScopedTable[],
  changed: ReadonlySet<string>,
): string[] {
  return (["tenant", "branch"] as const)
    .filter((which) => partitionsOf(tables[which]).some(({ table }) => changed.has(mirrorId(table.name, which))))
    .map((which) => mirrorId(tables[which].table.name, which))
}

/** The copies that are made along with the triggers among `made`. */
export function clonedMirrors(
  tables: Readonly<Record<Kept, ScopedTable>>,
  partitionsOf: (entry: ScopedTable) => readonly ScopedTable[],
  made: readonly string[],
): string[] {
  return (["tenant", "branch"] as const)
    .filter((which) => made.includes(mirrorId(tables[which].table.name, which)))
    .flatMap((which) => partitionsOf(tables[which]).map(({ table }) => mirrorId(table.name, which)))
}

function mirrorId(table: string, which: Kept): string {
  return `trigger ${table} wk_mirror_${which}`
}

function mirror({ entry, which, columns, partitions }: Source): Managed {
  const name = `wk_mirror_${which}`
  const target = qualified(entry.table.name)
  const row = columns.map((column) => `t.${quoteIdent(column)}::text`).join(", ")
  const asked = [quoteLiteral(which), quoteLiteral(target), ...columns.map(quoteLiteral)]
  const missing = which === "tenant" ? [...asked, "null"] : asked
  return {
    id: mirrorId(entry.table.name, which),
    phase: "structure",
    why: "sessions are issued before any context exists",
    create: [
      // Made again whenever partitions came or went: neither ATTACH nor DETACH fires a trigger.
      `${partitionsMark(entry, partitions)}create trigger ${name} after insert or update or delete on ${target} for each row execute function wardkeep.mirror_${which}(${columns.map(quoteLiteral).join(", ")})`,
      // ALWAYS: a replica or a restore with --disable-triggers must not lose branches silently.
      `alter table ${target} enable always trigger ${name}`,
      issuingStopped,
      // Under another key than before, put back after it was gone, or detached: what it knew may be somebody else's now.
      `select wardkeep.forget_missing(${missing.join(", ")})`,
      `insert into wardkeep.known_${which} select ${row} from ${target} t on conflict do nothing`,
    ].join(";\n"),
    drop: `drop trigger if exists ${name} on ${target}`,
    commentOn: `trigger ${name} on ${target}`,
  }
}

function partitionsMark(entry: ScopedTable, partitions: readonly ScopedTable[]): string {
  if (entry.table.kind !== "p") return ""
  const names = partitions.map(({ table }) => table.name).sort()
  return `-- of the partitions ${hashOf(names.join("\n"))}\n`
}

/** Of the whole, and of each partition with what tells the keys that are gone. */
function truncations({ entry, which, columns, partitions }: Source): Managed[] {
  return [
    truncation(entry.table.name, which, [which]),
    ...partitions.map(({ table }) => truncation(table.name, which, [which, ...columns])),
  ]
}

function truncation(table: string, which: Kept, args: readonly string[]): Managed {
  const target = qualified(table)
  const name = `wk_mirror_${which}_truncate`
  return {
    id: `trigger ${table} ${name}`,
    phase: "structure",
    why: "an emptied table ends its sessions too",
    create: `create trigger ${name} after truncate on ${target} for each statement execute function wardkeep.mirror_truncate(${args.map(quoteLiteral).join(", ")})`,
    drop: `drop trigger if exists ${name} on ${target}`,
    commentOn: `trigger ${name} on ${target}`,
  }
}

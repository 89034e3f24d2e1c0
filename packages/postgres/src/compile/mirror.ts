import { type Policy, quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Standing, stands } from "./companion-triggers.js"
import { issuingStopped } from "./open-sessions.js"
import { partitionsOf, type ScopedTable } from "./scope.js"
import { hashOf, type Managed, qualified } from "./step.js"

type Kept = "tenant" | "branch"

/** The host's table of tenants or of branches, as its mirror reads it. */
export interface Source {
  readonly entry: ScopedTable
  readonly which: Kept
  /** The key, and of a branch its tenant. */
  readonly columns: readonly string[]
  readonly partitions: readonly ScopedTable[]
}

export function mirrorSources(policy: Policy, tenant: ScopedTable, branch: ScopedTable, branchKey: string): Source[] {
  const key = tenant.tenant?.column ?? ""
  return [
    { entry: tenant, which: "tenant", columns: [key], partitions: partitionsOf(tenant) },
    {
      entry: branch,
      which: "branch",
      columns: [branchKey, policy.tenancy.columns.tenant],
      partitions: partitionsOf(branch),
    },
  ]
}

/** Triggers that tell Wardkeep which tenants and branches exist; the first creation also reads what is there. */
export function mirrors(sources: readonly Source[]): Managed[] {
  return sources.flatMap((source) => [mirror(source), ...truncations(source)])
}

/**
 * PostgreSQL gives partitions a copy of the trigger; one that was switched off comes back with the trigger of the whole. That
 * one also compares with all rows, so it is made again too where nobody was told that the table was emptied.
 */
export function disturbedMirrors(sources: readonly Source[], standing: Standing): string[] {
  return sources
    .filter(
      (source) =>
        copiesOf(source).some((id) => standing.changed.has(id)) ||
        !truncations(source).every((object) => stands(standing, object)),
    )
    .map(({ entry, which }) => mirrorId(entry.table.name, which))
}

/** The copies that are made along with the triggers among `made`. */
export function clonedMirrors(sources: readonly Source[], made: readonly string[]): string[] {
  return sources.filter(({ entry, which }) => made.includes(mirrorId(entry.table.name, which))).flatMap(copiesOf)
}

function copiesOf({ which, partitions }: Source): string[] {
  return partitions.map(({ table }) => mirrorId(table.name, which))
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
      always(target, name),
      issuingStopped,
      // Under another key than before, put back after it was gone, or detached: what it knew may be somebody else's now.
      `select wardkeep.forget_missing(${missing.join(", ")})`,
      `insert into wardkeep.known_${which} select ${row} from ${target} t on conflict do nothing`,
    ].join(";\n"),
    drop: `drop trigger if exists ${name} on ${target}`,
    commentOn: `trigger ${name} on ${target}`,
    on: entry.table.name,
  }
}

/** A replica or a restore with --disable-triggers must not lose branches silently. */
function always(target: string, trigger: string): string {
  return `alter table ${target} enable always trigger ${trigger}`
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
    create: `create trigger ${name} after truncate on ${target} for each statement execute function wardkeep.mirror_truncate(${args.map(quoteLiteral).join(", ")});\n${always(target, name)}`,
    drop: `drop trigger if exists ${name} on ${target}`,
    commentOn: `trigger ${name} on ${target}`,
    on: table,
  }
}

import { type Policy, quoteIdent, quoteLiteral } from "@wardkeep/core"
import type { ScopedTable } from "./scope.js"
import { type Managed, qualified } from "./step.js"

/** Triggers that tell Wardkeep which tenants and branches exist; the first creation also reads what is there. */
export function mirrors(policy: Policy, tenant: ScopedTable, branch: ScopedTable, branchKey: string): Managed[] {
  const tenantKey = tenant.tenant?.column ?? ""
  const tenantColumn = policy.tenancy.columns.tenant
  return [
    mirror("wk_mirror_tenant", tenant, `wardkeep.mirror_tenant(${quoteLiteral(tenantKey)})`, [
      `insert into wardkeep.known_tenant select t.${quoteIdent(tenantKey)}::text from ${qualified(tenant.table.name)} t on conflict do nothing`,
    ]),
    truncation(tenant, "tenant"),
    truncation(branch, "branch"),
    mirror(
      "wk_mirror_branch",
      branch,
      `wardkeep.mirror_branch(${quoteLiteral(branchKey)}, ${quoteLiteral(tenantColumn)})`,
      [
        // Under another key than before, or put back after it was gone: what it knew then may be somebody else's now.
        `select wardkeep.forget_branch(k.branch) from wardkeep.known_branch k where not exists (select from ${qualified(branch.table.name)} b where b.${quoteIdent(branchKey)}::text = k.branch and b.${quoteIdent(tenantColumn)}::text = k.tenant)`,
        `insert into wardkeep.known_branch select b.${quoteIdent(branchKey)}::text, b.${quoteIdent(tenantColumn)}::text from ${qualified(branch.table.name)} b on conflict do nothing`,
      ],
    ),
  ]
}

function mirror(name: string, entry: ScopedTable, call: string, fill: readonly string[]): Managed {
  const target = qualified(entry.table.name)
  return {
    id: `trigger ${entry.table.name} ${name}`,
    phase: "structure",
    why: "sessions are issued before any context exists",
    // ALWAYS: a replica or a restore with --disable-triggers must not lose branches silently.
    create: [
      `create trigger ${name} after insert or update or delete on ${target} for each row execute function ${call}`,
      `alter table ${target} enable always trigger ${name}`,
      ...fill,
    ].join(";\n"),
    drop: `drop trigger if exists ${name} on ${target}`,
    commentOn: `trigger ${name} on ${target}`,
  }
}

function truncation(entry: ScopedTable, which: "tenant" | "branch"): Managed {
  const target = qualified(entry.table.name)
  const name = `wk_mirror_${which}_truncate`
  return {
    id: `trigger ${entry.table.name} ${name}`,
    phase: "structure",
    why: "an emptied table ends its sessions too",
    create: `create trigger ${name} after truncate on ${target} for each statement execute function wardkeep.mirror_truncate(${quoteLiteral(which)})`,
    drop: `drop trigger if exists ${name} on ${target}`,
    commentOn: `trigger ${name} on ${target}`,
  }
}

import { type Actor, type Policy, wallOf } from "@wardkeep/core"
import type { Queryable } from "@wardkeep/postgres/migrate"
import type { TableFacts } from "./catalog.js"
import type { RealRow } from "./cells/rows.js"
import { databaseRole } from "./cells/tokens.js"
import { isWalled, letsReach, type PurposeBits } from "./consent.js"
import type { WhyLayer } from "./why.js"

/** What the database holds about one person as one role in one branch. */
export interface Held {
  readonly groups: Readonly<Record<string, readonly string[]>>
  /** When the assignment ends, `open` without an end; null where there is none. */
  readonly assignedUntil: string | null
  /** What the clinic took from the role. */
  readonly narrowed: readonly string[]
  /** Whom a context of a confined role reaches, as assigned or opened; null where the database does not know. */
  readonly subjects: readonly string[] | null
  /** Subjects of emergencies that are open for this person here. */
  readonly emergencies: readonly string[]
  /** Referrals of somebody of this branch that are in force now. */
  readonly referrals: readonly HeldReferral[]
}

export interface HeldReferral {
  readonly id: string
  readonly subject: string
  readonly records: readonly string[]
  readonly until: string
  /** In a session of the person who is asked about. */
  readonly opened: boolean
}

interface Asked {
  readonly policy: Policy
  readonly role: Actor
  readonly actor: string | undefined
  readonly tenant: string
  readonly branch: string
  readonly now: Date
}

export async function readHeld(client: Queryable, asked: Asked): Promise<Held> {
  const { role, actor = null, tenant, branch, now } = asked
  const groups = await client.query<{ name: string; branches: string[] }>(
    "select g.name, g.branches from wardkeep.branch_group g where g.tenant = $1",
    [tenant],
  )
  const assigned = await client.query<{ until: string; subject: string | null }>(
    `select coalesce(to_char(a.valid_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'), 'open') as until, a.subject
       from wardkeep.assignment a left join wardkeep.branch_group g on g.tenant = a.tenant and g.name = a.branch_group
      where a.actor = $1 and a.tenant = $2 and a.role = $3 and a.revoked_at is null and a.valid_from <= $5
        and (a.valid_until is null or a.valid_until > $5)
        and (a.branch = $4 or $4 = any (g.branches) or (a.branch is null and a.branch_group is null)) order by a.valid_until desc nulls first`,
    [actor, tenant, role.name, branch, now],
  )
  // A clinic narrows roles; a service may have the name of one.
  const narrowed = await client.query<{ what: string }>(
    "select distinct n.what from wardkeep.narrowing n where n.tenant = $1 and n.role = any ($2) order by 1",
    [tenant, role.kind === "role" ? [role.name, ...role.combines] : []],
  )
  const emergencies = await client.query<{ subject: string }>(
    `select b.subject from wardkeep.break_glass b where b.declared_by = $1 and b.tenant = $2 and b.branch = $3
        and b.opened_at is not null and b.reviewed_at is null and b.closed_at is null and b.valid_until > $4`,
    [actor, tenant, branch, now],
  )
  const referrals = await client.query<HeldReferral>(
    `select r.id, r.subject, r.records, to_char(r.valid_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"') as until,
       exists (select from wardkeep.token t where t.referral = r.id and t.actor = $1 and t.valid_until > $4) as opened
       from wardkeep.referral r
      where r.tenant = $2 and r.from_branch = $3 and r.referred_at <= $4 and r.valid_until > $4 and (r.ended_at is null or r.ended_at > $4)
      order by r.referred_at, r.id`,
    [actor, tenant, branch, now],
  )
  const open = emergencies.rows.map(({ subject }) => subject)
  const emergency = asked.policy.breakGlass?.role === role.name
  const referred = asked.policy.crossings?.referral?.role === role.name
  const shown = referrals.rows.flatMap(({ opened, subject }) => (opened ? [subject] : []))
  const subjects = assigned.rows.flatMap(({ subject }) => (subject === null ? [] : [subject]))
  // Services and, under `assignments: 'host'`, people are confined by whoever issues their context.
  const issued = role.kind === "service" || (!emergency && !referred && asked.policy.assignments === "host")
  const known = asked.actor !== undefined && !issued
  return {
    groups: Object.fromEntries(groups.rows.map(({ name, branches }) => [name, branches])),
    assignedUntil: assigned.rows[0]?.until ?? null,
    narrowed: narrowed.rows.map(({ what }) => what),
    subjects: known ? (emergency ? open : referred ? shown : subjects) : null,
    emergencies: open,
    referrals: referrals.rows,
  }
}

interface Situation {
  readonly policy: Policy
  readonly role: Actor
  readonly table: string
  readonly action: string
  readonly actor: string | undefined
  readonly purpose: string
  readonly held: Held
  readonly subject: string | null
}

/** Grants, assignment, what the clinic took, and emergencies. */
export async function databaseLayers(client: Queryable, asked: Situation): Promise<WhyLayer[]> {
  const granted = await grantLayer(client, asked)
  return [...granted, assignmentLayer(asked), narrowingLayer(asked), ...emergencyLayer(asked), ...referralLayer(asked)]
}

interface Person {
  readonly policy: Policy
  readonly table: TableFacts
  readonly purpose: string
  readonly now: Date
  readonly row: RealRow | null
  readonly bits: PurposeBits
}

/** What the person of the row decided, as the row carries it: `prove` of the ledger says how it came to it. */
export function consentLayer({ policy, table, purpose, now, row, bits }: Person): WhyLayer[] {
  if (row === null || !isWalled(policy, table)) return []
  const wall = wallOf(policy.purposes.get(purpose))
  if (wall === null) return [layer("consent", true, `nobody is asked about the purpose ${purpose}`)]
  const reached = letsReach(bits, row.values, purpose, now)
  if (reached === null)
    return [layer("consent", null, `the row does not say whether its person lets ${purpose} reach it`)]
  const text = {
    consent: reached
      ? `the person of the row said yes to ${purpose}, and it holds`
      : `no yes of the person of the row to ${purpose} holds: none was given, it was withdrawn, or it ended`,
    objection: reached
      ? `the person of the row did not object to ${purpose}`
      : `the person of the row objected to ${purpose}`,
  }[wall]
  return [layer("consent", reached, text)]
}

function layer(name: string, holds: boolean | null, text: string): WhyLayer {
  return { layer: name, holds, text, rule: null, parts: [] }
}

const privileges: Readonly<Record<string, string>> = { create: "INSERT", update: "UPDATE", delete: "DELETE" }

async function grantLayer(client: Queryable, { policy, role, table, action }: Situation): Promise<WhyLayer[]> {
  // What an application does with rows needs them to be read, and is its own to ask.
  const privilege = privileges[action] ?? "SELECT"
  const name = databaseRole(policy, role)
  const { rows } = await client.query<{ columns: string[]; whole: boolean }>(
    `select has_table_privilege(r.oid, c.oid, $3) as whole,
       array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
               and $3 <> 'DELETE' and has_column_privilege(r.oid, c.oid, a.attnum, $3) order by a.attnum) as columns
     from pg_roles r, pg_class c join pg_namespace n on n.oid = c.relnamespace
    where r.rolname = $1 and n.nspname || '.' || c.relname = $2`,
    [name, table, privilege],
  )
  const { columns = [], whole = false } = rows[0] ?? {}
  if (whole) return [layer("grant", true, `${name} has ${privilege} on the whole table`)]
  if (columns.length > 0) return [layer("grant", true, `${name} has ${privilege} on ${columns.join(", ")}`)]
  return [layer("grant", false, `${name} has no ${privilege} on the table`)]
}

function assignmentLayer({ policy, role, actor, held }: Situation): WhyLayer {
  if (role.kind === "service")
    return layer("assignment", null, "a service is issued by your application, and assigned to nobody")
  if (policy.breakGlass?.role === role.name)
    return layer("assignment", null, "the emergency role is opened, never assigned")
  if (policy.crossings?.referral?.role === role.name)
    return layer("assignment", null, "the role of referrals is opened, never assigned")
  if (policy.assignments === "host")
    return layer(
      "assignment",
      null,
      "your application says who holds which role when it issues a session; the database does not know",
    )
  if (actor === undefined) return layer("assignment", null, "no --actor was named")
  const { assignedUntil } = held
  if (assignedUntil === null)
    return layer("assignment", false, `the actor is not assigned ${role.name} in this branch now`)
  const end = assignedUntil === "open" ? "without an end" : `until ${assignedUntil}`
  return layer("assignment", true, `the actor is assigned ${role.name} in this branch ${end}`)
}

function narrowingLayer({ action, table, purpose, held }: Situation): WhyLayer {
  const wanted = ["role", `purpose ${purpose}`, `${action} ${table}`, `read ${table}`]
  const taken = held.narrowed.filter(
    (what) => wanted.includes(what) && (what !== `read ${table}` || action !== "create"),
  )
  const others = held.narrowed.filter((what) => what.startsWith("purpose "))
  if (taken.length > 0) return layer("narrowing", false, `the clinic took from the role: ${taken.join(", ")}`)
  return layer(
    "narrowing",
    true,
    others.length === 0
      ? "the clinic took nothing of it from the role"
      : `the clinic took from the role other purposes only: ${others.join(", ")}`,
  )
}

function emergencyLayer({ policy, role, actor, held, subject }: Situation): WhyLayer[] {
  const rule = policy.breakGlass
  if (rule === null) return []
  const open = subject !== null && held.emergencies.includes(subject)
  if (rule.role === role.name && actor === undefined)
    return [layer("break-glass", null, "no --actor was named, and an emergency is open for one actor")]
  if (rule.role === role.name)
    return [
      layer(
        "break-glass",
        open,
        open
          ? "an emergency is open for this subject and this actor"
          : "no emergency is open for this subject and this actor",
      ),
    ]
  if (!rule.from.includes(role.name)) return []
  const text =
    actor !== undefined && open ? "an emergency of the actor is open for this subject" : "none is open for this subject"
  return [layer("break-glass", null, `${text}; the role may declare one, which opens another context as ${rule.role}`)]
}

function referralLayer({ policy, role, actor, held, subject, table }: Situation): WhyLayer[] {
  const rule = policy.crossings?.referral ?? null
  if (rule === null) return []
  const about = held.referrals.filter((one) => one.subject === subject)
  const named = ({ id, until, records }: HeldReferral): string =>
    `referral ${id} of ${records.join(", ")}, until ${until}`
  if (rule.role === role.name) {
    if (actor === undefined)
      return [layer("referral", null, "no --actor was named, and a referral is opened by one actor")]
    const opened = about.filter((one) => one.opened)
    const shows = opened.filter(
      ({ records }) => records.includes(table) || policy.tables.get(table)?.scope === "global",
    )
    const text =
      shows.length > 0
        ? `opened by this actor: ${shows.map(named).join("; ")}`
        : opened.length > 0
          ? `does not name the table: ${opened.map(named).join("; ")}`
          : "no referral of this subject is open in a session of this actor"
    return [layer("referral", shows.length > 0, text)]
  }
  if (![...rule.from, ...rule.to].includes(role.name)) return []
  const text = about.length > 0 ? about.map(named).join("; ") : "this subject is not referred to another branch"
  return [layer("referral", null, `${text}; what it shows is another context, as ${rule.role}`)]
}

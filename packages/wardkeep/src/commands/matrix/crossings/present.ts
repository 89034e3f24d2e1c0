import type { Policy } from "@wardkeep/core"
import type { Queryable } from "@wardkeep/postgres/migrate"
import type { Section } from "./declared.js"

type Line = { what: string; who: string; limits: string }

const groups = `
select g.name as what, g.tenant as who, cardinality(g.branches) || ' branches: ' || array_to_string(g.branches, ', ') as limits
  from wardkeep.branch_group g where $1::text is null or g.tenant = $1 order by g.tenant, g.name`

/** Whoever is assigned more than one branch, by one assignment or by several. */
const assigned = `
with held as (
  select a.actor, a.tenant, a.role, a.valid_until, a.branch, a.branch_group from wardkeep.assignment a
   where ($1::text is null or a.tenant = $1) and a.revoked_at is null and a.valid_from <= $2 and (a.valid_until is null or a.valid_until > $2)
)
select actor as what, role || ' in ' || tenant as who,
  case when bool_or(branch is null and branch_group is null) then 'every branch'
       else concat_ws(' and ', 'branches ' || string_agg(distinct branch, ', '), 'groups ' || string_agg(distinct branch_group, ', ')) end
  || coalesce(', until ' || to_char(min(valid_until) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'), ', without an end') as limits
  from held group by actor, tenant, role
having bool_or(branch is null) or count(distinct branch) > 1 order by tenant, actor, role`

/** One person in several clinics, whose two contexts never meet in one statement. */
const tenants = `
select a.actor as what, string_agg(distinct a.role || ' in ' || a.tenant, ', ') as who, 'one clinic at a time' as limits
  from wardkeep.assignment a
 where a.revoked_at is null and a.valid_from <= $2 and (a.valid_until is null or a.valid_until > $2)
 group by a.actor having count(distinct a.tenant) > 1 and ($1::text is null or bool_or(a.tenant = $1)) order by a.actor`

const sessions = `
select t.actor as what, t.role || ' for ' || t.purpose || ' in ' || t.tenant as who,
  cardinality(t.branches) || ' branches, until ' || to_char(t.valid_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"') as limits
  from wardkeep.token t where cardinality(t.branches) > 1 and t.role <> 'owner' and t.valid_until > $2 and ($1::text is null or t.tenant = $1)
 order by 2, 1`

const emergencies = `
select b.declared_by as what, 'as ' || b.declared_as || ': ' || b.reason || ', in the branch ' || b.branch as who,
  case when b.valid_until <= $2 then 'over, waits for its review'
       when b.opened_at is null then 'declared, not opened' else 'open until ' || to_char(b.valid_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"') end as limits
  from wardkeep.break_glass b where b.reviewed_at is null and b.closed_at is null and ($1::text is null or b.tenant = $1) order by b.declared_at`

/** Those that are open at that moment; whom they are about is not in it. */
const referrals = `
select r.referred_by as what, 'as ' || r.referred_as || ': ' || r.basis || ', from the branch ' || r.from_branch || ' to ' || r.to_branch as who,
  array_to_string(r.records, ', ') || ', until ' || to_char(r.valid_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
  || coalesce(case when r.opened_at <= $2 then ', opened by ' || r.opened_by end, ', not opened') as limits
  from wardkeep.referral r where r.referred_at <= $2 and r.valid_until > $2 and (r.ended_at is null or r.ended_at > $2) and ($1::text is null or r.tenant = $1)
 order by r.referred_at, r.id`

const moves = `
select case when m.subject is null then 'all of a branch' else 'one person' end as what, m.moved_by || ' as ' || m.moved_as as who,
  'from the branch ' || m.from_branch || ' to ' || m.to_branch || ', ' || to_char(m.moved_at at time zone 'UTC', 'YYYY-MM-DD') || ', '
  || (select sum(e.value::bigint) from jsonb_each_text(m.rows) e) || ' rows' as limits
  from wardkeep.move m where m.moved_at > $2::timestamptz - interval '90 days' and m.moved_at <= $2 and ($1::text is null or m.tenant = $1)
 order by m.moved_at, m.id`

const support = `
select s.actor as what, case when s.code is null then 'allowed by ' || s.allowed_by || ' as ' || s.allowed_as else 'without the clinic''s word: ' || s.code end
    || ', ' || coalesce('the branch ' || s.branch, 'every branch') || ' of ' || s.tenant as who,
  case when s.valid_until <= $2 then 'over, waits for the clinic to have seen it'
       when s.opened_at is null then 'not opened' else 'open until ' || to_char(s.valid_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"') end as limits
  from wardkeep.support s where s.ended_at is null and (s.valid_until > $2 or s.code is not null) and ($1::text is null or s.tenant = $1) order by s.allowed_at`

/** Who agreed and what became of it; what was counted of a clinic is not in it. */
const agreements = `
select a.aggregate as what, a.agreed_by || ' as ' || a.agreed_as || ' in ' || a.tenant as who,
  'since ' || to_char(a.agreed_at at time zone 'UTC', 'YYYY-MM-DD')
  || case when a.definition is distinct from (select r.aggregates -> 'figures' -> a.aggregate from wardkeep.policy_rule r)
          then ', to other figures than are declared now: not counted' else '' end
  || ', in ' || (select count(distinct c.release) from wardkeep.aggregate_contribution c where c.tenant = a.tenant and c.aggregate = a.aggregate) || ' releases' as limits
  from wardkeep.aggregate_agreement a where a.agreed_at <= $2 and (a.ended_at is null or a.ended_at > $2) and ($1::text is null or a.tenant = $1)
 order by 1, 2`

/** What the owner's login did across branches: under the fence of a clinic, or over all of them. */
const owner = `
select a.kind as what, a.actor as who, count(*) || ' times, last ' || to_char(max(a.at) at time zone 'UTC', 'YYYY-MM-DD') as limits
  from wardkeep.activity a
 where a.kind in ('backfill', 'maintenance', 'restore', 'load') and a.at > $2::timestamptz - interval '90 days' and a.at <= $2
   and ($1::text is null or a.tenant is null or a.tenant = $1)
 group by a.kind, a.actor order by 1, 2`

/** What the database holds at that moment; of one clinic or of all. Whom an emergency is about is not in it. */
export async function presentSections(
  client: Queryable,
  { assignments }: Policy,
  tenant: string | null,
  now: Date,
): Promise<Section[]> {
  const read = async (text: string): Promise<Line[]> => (await client.query<Line>(text, [tenant, now])).rows
  const only = async (text: string): Promise<Line[]> =>
    (await client.query<Line>(text.replaceAll("$2", "$1"), [tenant])).rows
  const byHost =
    "Your application says who holds which role and the database does not know; the sessions below are what it issued."
  return [
    {
      title: "Groups of branches",
      explained: "A context may hold a group in the place of one branch.",
      crossings: await only(groups),
    },
    {
      title: "People assigned to several branches",
      explained:
        assignments === "host"
          ? byHost
          : "What they see in one context is the branches of their role, unless the application narrows it to one.",
      crossings: await read(assigned),
    },
    {
      title: "People assigned in several clinics",
      explained: "One statement is in one context, and a context is of one clinic.",
      crossings: await read(tenants),
    },
    {
      title: "Open sessions that hold several branches",
      explained: "Now, whoever issued them.",
      crossings: await read(sessions),
    },
    {
      title: "Emergencies that are open or wait for a review",
      explained: "Ask for the review.",
      crossings: await read(emergencies),
    },
    {
      title: "Referrals that are open",
      explained: "Whoever made them withdraws them, on the next statement; they end by themselves.",
      crossings: await read(referrals),
    },
    {
      title: "Persons and branches that were moved in the last 90 days",
      explained: "Each with everything that hangs on it, in one transaction.",
      crossings: await read(moves),
    },
    {
      title: "Support sessions that are open or wait for the clinic",
      explained: "endSupport ends one, and says of one that is over that it was seen.",
      crossings: await read(support),
    },
    {
      title: "Clinics that are counted in figures over clinics",
      explained: "withdrawFromAggregate ends it: the next release has nothing of the clinic.",
      crossings: await read(agreements),
    },
    {
      title: "Work of the owner's login in the last 90 days",
      explained:
        "Reports, loads and maintenance: a backfill sees one clinic at a time, maintenance every row of the tables it names. Each is recorded with its reason.",
      crossings: await read(owner),
    },
  ]
}

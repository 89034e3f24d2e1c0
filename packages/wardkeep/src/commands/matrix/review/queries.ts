/** All of them take the clinic or null, and the moment. */
const iso = (moment: string): string => `to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`

const inForce = "a.revoked_at is null and (a.valid_until is null or a.valid_until > $2)"

export const assignments = `
with issued as (
  select v.actor, r.value ->> 'tenant' as tenant, r.value ->> 'role' as role, max(v.at) as last
    from wardkeep.activity v cross join jsonb_array_elements(v.detail -> 'roles') r
   where v.kind = 'session_issued' and v.at <= $2 group by 1, 2, 3)
select a.id, a.actor, a.tenant, a.role,
  case when a.branch is not null then 'branch ' || a.branch when a.branch_group is not null then 'group ' || a.branch_group else 'whole clinic' end
    || case when a.subject is null then '' else ', one subject' end as scope,
  ${iso("a.valid_from")} as "validFrom", ${iso("a.valid_until")} as "validUntil", a.granted_by as "grantedBy", a.granted_as as "grantedAs",
  ${iso("a.granted_at")} as "grantedAt", a.reason,
  (select ${iso("i.last")} from issued i where i.actor = a.actor and i.tenant = a.tenant and i.role = a.role) as "lastSession",
  a.granted_as = 'owner' or exists (select from wardkeep.assignment g where g.actor = a.granted_by and g.tenant = a.tenant and g.revoked_at is null
    and g.valid_from <= $2 and (g.valid_until is null or g.valid_until > $2)) as "granterHolds",
  exists (select from wardkeep.narrowing n where n.tenant = a.tenant and n.role = a.role and n.what = 'role') as taken
  from wardkeep.assignment a
 where ($1::text is null or a.tenant = $1) and ${inForce} and a.granted_at <= $2
 order by a.tenant, a.actor, a.role, a.valid_from, a.id`

/** Sessions are not of a clinic: of one clinic are those with an assignment or an open token there. */
const ofClinic = `($1::text is null or exists (select from wardkeep.assignment a where a.actor = s.actor and a.tenant = $1)
    or exists (select from wardkeep.token t where t.actor = s.actor and t.tenant = $1))`

const persons = `s.kind = 'person' and s.actor not like 'wardkeep:%' and s.created_at <= $2 and ${ofClinic}`

export const people = `
select s.actor, ${iso("max(s.created_at)")} as "lastSession",
  array(select distinct t.role from wardkeep.token t where t.actor = s.actor and t.valid_until > $2 and ($1::text is null or t.tenant = $1) order by 1) as "openRoles"
  from wardkeep.session s where ${persons} group by s.actor order by s.actor`

export const leftOpen = `
select t.actor, count(distinct t.session_id) || ' open as ' || string_agg(distinct t.role, ', ') || ', and nothing is assigned' as seen
  from wardkeep.token t join wardkeep.session s on s.id = t.session_id and s.kind = 'person'
 where t.valid_until > $2 and coalesce(t.break_glass, t.referral, t.support) is null and t.actor not like 'wardkeep:%' and ($1::text is null or t.tenant = $1)
   and not exists (select from wardkeep.assignment a where a.actor = t.actor and a.tenant = t.tenant and a.role = t.role and ${inForce} and a.valid_from <= $2)
 group by t.actor order by t.actor`

const lately = "s.created_at > $2::timestamptz - interval '30 days'"

export const overlapping = `
select s.actor, count(*) || ' pairs of sessions with different labels were open at the same time in the last 30 days' as seen
  from wardkeep.session s join wardkeep.session o on o.actor = s.actor and o.kind = 'person' and o.id <> s.id and o.created_at <= $2
   and (s.created_at, s.id) < (o.created_at, o.id) and o.created_at < coalesce(s.ended_at, s.valid_until) and o.label <> s.label
 where ${persons} and ${lately} group by s.actor order by s.actor`

export const aroundTheClock = `
with begun as (select s.actor, s.created_at, s.id from wardkeep.session s where ${persons} and ${lately})
select b.actor, count(*) || ' times sessions began more than 16 and less than 24 hours apart, with no pause of 6 hours between them' as seen
  from begun b join begun e on e.actor = b.actor and e.created_at > b.created_at + interval '16 hours' and e.created_at < b.created_at + interval '24 hours'
 where not exists (
   select from (select g.created_at, lead(g.created_at) over (order by g.created_at) as next from begun g
                 where g.actor = b.actor and g.created_at between b.created_at and e.created_at) gap
    where gap.next - gap.created_at >= interval '6 hours')
 group by b.actor order by b.actor`

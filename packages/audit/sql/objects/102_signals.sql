create function wardkeep_audit.access_coverage() returns jsonb
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep_audit.access_reviewer();
  tables integer := 0;
  since timestamptz;
begin
  if to_regprocedure('wardkeep_audit.viewed_tables()') is not null then
    tables := cardinality(wardkeep_audit.viewed_tables());
  end if;
  select min(replace(substr(c.relname, 7), '_', '-') || '-01 00:00:00+00')::timestamptz into since
    from pg_class c join pg_inherits i on i.inhrelid = c.oid
   where i.inhparent = 'wardkeep_audit.event'::regclass and c.relname ~ '^event_[0-9]{4}_[0-9]{2}$';
  return jsonb_build_object('tables', tables, 'wholeTenant', wardkeep_audit.holds_tenant(me),
    'since', to_char(least(since, (select min(o.at) from wardkeep_audit.event_other o where o.tenant = me.tenant)) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
end
$$;
comment on function wardkeep_audit.access_coverage() is
  'What an answer about accesses rests on: from when on events are kept, of how many tables views are recorded, and whether every branch of the clinic is seen. For reviewers. Fails with WK1xx, WK435.';

create function wardkeep_audit.access_baseline(me wardkeep.token, before_day date, zone text) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object('role', d.role, 'actor', d.actor, 'day', d.day, 'persons', d.persons) order by d.role, d.actor, d.day), '[]')
    from (
      select split_part(e.role, '/', 1) as role, e.actor, (h.at at time zone zone)::date as day, count(distinct p.subject) as persons
        from wardkeep_audit.event e
       cross join lateral (select wardkeep_audit.happened(e.verb, e.detail, e.at)) h(at)
       cross join lateral unnest(wardkeep_audit.persons_of(e.verb, e.detail, e.subject)) p(subject)
       where e.tenant = (me).tenant and wardkeep_audit.is_within(e.branch, (me).branches, wardkeep_audit.holds_tenant(me))
         -- For the partitions: an event that restates an older one is never older than it.
         and e.at >= (before_day - 28)::timestamp at time zone zone
         and h.at >= (before_day - 28)::timestamp at time zone zone and h.at < before_day::timestamp at time zone zone
         and wardkeep_audit.is_access(e.verb, e.relation, e.detail) and p.subject is not null
       group by 1, 2, 3) d
$$;
comment on function wardkeep_audit.access_baseline(wardkeep.token, date, text) is
  'Internal: how many persons each actor reached on each of the 28 days before a day.';

create function wardkeep_audit.access_signals(from_at timestamptz, to_at timestamptz, why text) returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep_audit.access_reviewer();
  has_all boolean := wardkeep_audit.holds_tenant(me);
  zone text := wardkeep_audit.detection() ->> 'zone';
  waits interval := make_interval(secs => (wardkeep_audit.detection() ->> 'reviewSeconds')::float8);
  refused jsonb;
  overdue jsonb;
begin
  perform wardkeep_audit.require_window(from_at, to_at, why);
  select coalesce(jsonb_agg(jsonb_build_object('event', e.xid::text || '-' || e.id, 'at', e.at at time zone 'UTC', 'actor', e.actor, 'role', e.role, 'branch', e.branch, 'n', e.n)
           order by e.at, e.id), '[]') into refused
    from wardkeep_audit.event e
   where e.tenant = me.tenant and e.verb = 'deny' and e.at >= from_at and e.at < to_at and wardkeep_audit.is_within(e.branch, me.branches, has_all);
  -- As it was at the end of the window, so that the same window gives the same answer whatever was reviewed since.
  select coalesce(jsonb_agg(jsonb_build_object('actor', b.declared_by, 'role', b.declared_as, 'branch', b.branch, 'at', b.declared_at at time zone 'UTC',
             'reviewed', b.reviewed_at at time zone 'UTC', 'events', (
               select coalesce(jsonb_agg(e.xid::text || '-' || e.id order by e.id), '[]') from wardkeep_audit.event e
                where e.tenant = b.tenant and e.actor = b.declared_by and e.verb = 'break_glass' and e.record = b.id::text and e.at < to_at))
           order by b.declared_at, b.id), '[]') into overdue
    from wardkeep.break_glass b
   where b.tenant = me.tenant and b.branch = any (me.branches) and b.closed_at is null
     and b.declared_at + waits < least(to_at, clock_timestamp())
     and (b.reviewed_at is null or b.reviewed_at >= from_at and b.reviewed_at > b.declared_at + waits);
  perform wardkeep_audit.note_reading(me, 'alerts', from_at, to_at, why, jsonb_array_length(refused) + jsonb_array_length(overdue));
  return jsonb_build_object('refusals', refused, 'overdue', overdue, 'coverage', wardkeep_audit.access_coverage(),
    'baseline', wardkeep_audit.access_baseline(me, (from_at at time zone zone)::date, zone),
    'said', (select coalesce(jsonb_object_agg(v.about, jsonb_build_object('outcome', v.outcome, 'by', v.reviewed_by, 'at', v.reviewed_at at time zone 'UTC', 'reason', v.reason)), '{}')
               from (select distinct on (x.about) x.* from wardkeep_audit.access_review x
                      where x.tenant = me.tenant and x.access is null and wardkeep_audit.is_within(x.branch, me.branches, has_all) order by x.about, x.id desc) v));
end
$$;
comment on function wardkeep_audit.access_signals(timestamptz, timestamptz, text) is
  'What alerts rest on beside accesses: refusals, emergencies without review, the measure of the 28 days before, what was said of alerts. For reviewers; the reading is recorded. Fails with WK1xx, WK435, WK438.';

create function wardkeep_audit.note_reading(c wardkeep.token, asked text, from_at timestamptz, to_at timestamptz, why text, shown bigint) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, n, detail)
  values (c.tenant, wardkeep_audit.one_branch(c), c.actor, c.role, c.purpose, c.session_id, wardkeep.request_id(), 'view', 'wardkeep_audit.event', least(shown, 2000000000),
    json_build_object('reason', why, 'asked', asked, 'from', from_at at time zone 'UTC', 'to', to_at at time zone 'UTC')::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.note_reading(wardkeep.token, text, timestamptz, timestamptz, text, bigint) is 'Internal: records that a reviewer read the log. Fails with WK461.';

-- One row per access and person, with what Wardkeep's own tables say of it. What the host's tables say is asked by explained(),
-- as the reviewer: nothing here reads them.
create function wardkeep_audit.accesses(from_at timestamptz, to_at timestamptz, why text)
  returns table (access bigint, event text, at timestamptz, actor text, role text, purpose text, branch text, session uuid, verb text, relation text,
    subject text, persons integer, class text, assigned boolean, referred boolean, justified boolean,
    queued_at timestamptz, outcome text, reviewed_by text, reviewed_at timestamptz, review_reason text)
  language plpgsql volatile security definer rows 50000 set search_path = pg_catalog, pg_temp
  -- How many rows a part has is guessed low here, and only a hash join compares every column of a key at once.
  -- Before 18 what is off costs so much to the planner that it would have the whole question compiled, for 10 to 27 s.
  set enable_nestloop = off set enable_mergejoin = off set jit = off
as $$
#variable_conflict use_column
declare
  me wardkeep.token := wardkeep_audit.access_reviewer();
  rules jsonb := wardkeep_audit.detection();
  has_all boolean := wardkeep_audit.holds_tenant(me);
  services text[] := array(select jsonb_array_elements_text(rules -> 'services'));
  opened text[] := array_remove(array[rules ->> 'emergency', rules ->> 'referral', rules ->> 'support'], null);
  asks_assigned boolean := coalesce((rules ->> 'assigned')::boolean, false);
  shown bigint;
begin
  perform wardkeep_audit.require_window(from_at, to_at, why);
  return query
  with seen as materialized (
    select e.xid, e.id, wardkeep_audit.access_id(e.verb, e.detail, e.id) as access, wardkeep_audit.happened(e.verb, e.detail, e.at) as at,
           e.actor, split_part(e.role, '/', 1) as role, e.purpose, e.branch, e.session, e.verb, e.relation, e.detail is null as is_erased,
           wardkeep_audit.persons_of(e.verb, e.detail, e.subject) as subjects
      from wardkeep_audit.event e
     where e.tenant = me.tenant and e.at >= from_at and wardkeep_audit.is_within(e.branch, me.branches, has_all)
       and wardkeep_audit.is_access(e.verb, e.relation, e.detail)
       and wardkeep_audit.happened(e.verb, e.detail, e.at) >= from_at and wardkeep_audit.happened(e.verb, e.detail, e.at) < to_at
  ), spans as materialized (
    -- By branch, and under the empty name for who stood in several.
    select a.actor, a.role, b.branch, range_agg(tstzrange(a.valid_from, least(a.valid_until, a.revoked_at))) as held
      from wardkeep.assignment a left join wardkeep.branch_group g on g.tenant = a.tenant and g.name = a.branch_group
     cross join lateral unnest(array[''] || case when a.branch is not null then array[a.branch] when a.branch_group is not null then g.branches else me.branches end) b(branch)
     where asks_assigned and a.tenant = me.tenant and a.valid_from < coalesce(least(a.valid_until, a.revoked_at), 'infinity')
     group by 1, 2, 3
  ), referrals as materialized (
    select r.from_branch, r.subject, r.referred_by, range_agg(tstzrange(r.referred_at, least(r.valid_until, r.ended_at))) as held
      from wardkeep.referral r where r.tenant = me.tenant and r.referred_at < least(r.valid_until, r.ended_at) group by 1, 2, 3
  ), shared as materialized (
    select r.from_branch, r.subject, range_agg(m.span) as held from referrals r cross join lateral unnest(r.held) m(span) group by 1, 2
  ), emergencies as materialized (
    select b.branch, b.subject, b.declared_by, range_agg(tstzrange(b.declared_at, b.valid_until)) as held
      from wardkeep.break_glass b where b.tenant = me.tenant and b.verdict = 'justified' and b.declared_at < b.valid_until group by 1, 2, 3
  ), said as materialized (
    select distinct on (v.access, v.subject) v.access, v.subject, v.outcome, v.reviewed_by, v.reviewed_at, v.reason
      from wardkeep_audit.access_review v where v.tenant = me.tenant and v.access is not null order by v.access, v.subject, v.id desc
  )
  select e.access, e.xid::text || '-' || e.id, e.at, e.actor, e.role, e.purpose, e.branch, e.session, e.verb, e.relation, p.subject,
         cardinality(e.subjects),
         case when e.is_erased then 'erased' when e.role = any (services) then 'service' when p.subject is null then 'undetermined' else 'named' end,
         case when asks_assigned and e.role <> all (opened) and e.role <> all (services) then coalesce(s.held @> e.at, false) end,
         coalesce(e.role = rules ->> 'referral' and h.held @> e.at or r.held @> e.at, false),
         coalesce(e.role = rules ->> 'emergency' and b.held @> e.at, false),
         q.queued_at, v.outcome, v.reviewed_by, v.reviewed_at, v.reason
    from seen e cross join lateral unnest(e.subjects) p(subject)
    left join spans s on s.actor = e.actor and s.role = e.role and s.branch = coalesce(e.branch, '')
    left join shared h on h.from_branch = e.branch and h.subject = p.subject
    left join referrals r on r.from_branch = e.branch and r.subject = p.subject and r.referred_by = e.actor
    left join emergencies b on b.branch = e.branch and b.subject = p.subject and b.declared_by = e.actor
    left join wardkeep_audit.access_queue q on q.access = e.access and q.subject = p.subject
    left join said v on v.access = e.access and v.subject = p.subject
   order by e.at, e.id, p.subject;
  get diagnostics shown = row_count;
  perform wardkeep_audit.note_reading(me, 'accesses', from_at, to_at, why, shown);
end
$$;
comment on function wardkeep_audit.accesses(timestamptz, timestamptz, text) is
  'Accesses of a window in one''s own branches, one row per person, with whether assignments, referrals and emergencies speak for them. For reviewers; the reading is recorded. Fails with WK1xx, WK435, WK438.';

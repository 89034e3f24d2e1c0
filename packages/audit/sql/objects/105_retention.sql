-- A month leaves the log in two steps, so that the evidence comes first: an event that names its leaves is sealed, then they go.
-- The hashes of the leaves stay, and with them every root, proof and checkpoint.
create function wardkeep_audit.month_span(month text) returns tstzrange
  language plpgsql immutable set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
begin
  if month !~ '^[1-9][0-9]{3}-(0[1-9]|1[0-2])$' then
    raise exception 'this is no month' using errcode = 'WK443', hint = 'Write it as 2025-09; months are in UTC.';
  end if;
  return tstzrange((month || '-01')::timestamptz, (month || '-01')::timestamptz + interval '1 month');
end
$$;
comment on function wardkeep_audit.month_span(text) is 'Internal: from when to when a month is, in UTC. Fails with WK443.';

create function wardkeep_audit.outlives(verb text) returns boolean
  language sql immutable
  return verb in ('retention', 'rotation', 'incarnation');
comment on function wardkeep_audit.outlives(text) is 'Internal: events that are never dropped, because proofs rest on them: which months were, which key came after which, and where a database went on as another incarnation.';

create function wardkeep_audit.refuse_held_month(month text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  span tstzrange := wardkeep_audit.month_span(month);
  h record;
begin
  for h in select * from wardkeep_audit.open_holds() loop
    -- On a time: what restates an older event after an erasure tells of that one's. On a person: what is not about somebody else may be about the person.
    if exists (select from wardkeep_audit.event e where e.tenant = h.tenant and e.at >= lower(span) and e.at < upper(span)
         and (tstzrange(h.since, h.until) && span or tstzrange(h.since, h.until) @> wardkeep_audit.happened(e.verb, e.detail, e.at)) and (h.subject is null or e.subject = h.subject
         or e.subject is null and coalesce(wardkeep_audit.subjects_of(e.verb, e.detail) @> array[h.subject], true))) then
      perform wardkeep_audit.refuse_held(h.id, 'this month');
    end if;
  end loop;
end
$$;
comment on function wardkeep_audit.refuse_held_month(text) is 'Internal: fails with WK440 where a hold covers events of the month.';

create function wardkeep_audit.begin_drop(month text, keep interval, reason text) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
  span tstzrange := wardkeep_audit.month_span(month);
  found_events integer;
  is_strange boolean;
  is_swallowed boolean;
begin
  if coalesce(trim(reason), '') = '' then
    raise exception 'dropping a month needs a reason' using errcode = 'WK443', hint = 'Say why; it is recorded and outlives the month.';
  end if;
  if reason ~* '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' then
    raise exception 'the reason names somebody by key' using errcode = 'WK443', hint = 'It outlives every erasure: say why without naming anybody.';
  end if;
  -- A year, whoever asks for less: the Digital Personal Data Protection Rules, 2025, rule 6(1)(e).
  if keep is null or upper(span) + greatest(keep, interval '1 year') > clock_timestamp() then
    raise exception 'the log of % is kept until %', month, to_char(upper(span) + greatest(keep, interval '1 year'), 'YYYY-MM-DD') using errcode = 'WK441',
      hint = 'Nothing was dropped. The policy file says how long the log is kept (auditLog.keep), and docs/reference/law.md which law asks for it.';
  end if;
  perform wardkeep.require_read_committed();
  perform wardkeep_audit.lock_within(10000, 'share', array['wardkeep_audit.hold']);
  perform wardkeep_audit.refuse_held_month(month);
  if exists (select from wardkeep_audit.event e where e.at >= lower(span) and e.at < upper(span)
       and not exists (select from wardkeep_audit.leaf l where l.event = e.id)) then
    raise exception 'events of % are not sealed yet', month using errcode = 'WK442', hint = 'Run `wardkeep audit seal`, then drop; nothing was dropped.';
  end if;
  with leaves as (
    select g.tenant, l.log, l.index, l.index - row_number() over (partition by l.log order by l.index) as run
      from wardkeep_audit.event e join wardkeep_audit.leaf l on l.event = e.id and l.xid = e.xid join wardkeep_audit.log g on g.id = l.log
     where e.at >= lower(span) and e.at < upper(span) and not wardkeep_audit.outlives(e.verb)
  ), runs as (
    select tenant, log, min(index) as first, max(index) as last, count(*) as n from leaves group by tenant, log, run
  ), batches as (
    select c.at, lag(c.at) over (order by c.size) as since from wardkeep_audit.checkpoint c join wardkeep_audit.log g on g.id = c.log where g.tenant = ''
  ), strange as (
    select from runs r
      left join wardkeep_audit.leaf p on p.log = r.log and p.index = r.first - 1 and p.event is not null
      left join wardkeep_audit.leaf f on f.log = r.log and f.index = r.last + 1 and f.event is not null
      cross join lateral (select coalesce(p.at, '-infinity') as before, coalesce(f.at, 'infinity') as after) t
      -- Of the first leaf and of the last: the batch that sealed it, which the verifier reads in the deployment's log.
      left join lateral (select c.at from wardkeep_audit.checkpoint c where c.log = r.log and c.size > r.first order by c.size limit 1) s on true
      left join lateral (select c.at from wardkeep_audit.checkpoint c where c.log = r.log and c.size > r.last order by c.size limit 1) u on true
      left join batches b on b.at = u.at
     where lower(span) - interval '1 day' > greatest(t.before, t.after) or upper(span) + interval '1 day' < least(t.before, t.after)
        or lower(span) - interval '10 minutes' > s.at or upper(span) + interval '1 day' < b.since
  ), acts as (
    select r.tenant, sum(r.n) as n, string_agg(concat('[', r.first, ',', r.last, ']'), ',' order by r.first) as leaves from runs r group by r.tenant
  ), fresh as (
    select a.* from acts a
     where not exists (select from strange) and not exists (select from wardkeep_audit.drops() d where d.tenant = a.tenant and d.month = begin_drop.month and d.leaves = concat('[', a.leaves, ']'))
  ), recorded as (
    insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, n, detail)
    select a.tenant, 'audit:' || session_user, 'owner', 'retention', 'retention', 'wardkeep_audit.event', a.n,
           concat('{"phase":"begun","month":', to_json(month), ',"reason":', to_json(reason), ',"leaves":[', a.leaves, ']}')
      from fresh a returning 1
  )
  select sum(a.n), exists (select from strange), (select count(*) from recorded) < (select count(*) from fresh)
    into found_events, is_strange, is_swallowed from acts a;
  if is_swallowed then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  -- A stranger, who sees times on both sides of a gap, would take these for deleted.
  if is_strange then
    raise exception 'events of % stand among those of other times', month using errcode = 'WK443', hint = 'A clock ran backwards, or forwards. They stay; nothing was dropped.';
  end if;
  if found_events is null then
    -- Somebody dropped it and did not come to the last step.
    if wardkeep_audit.forget_dropped(month) > 0 then
      return 0;
    end if;
    raise exception 'nothing of % is in the log', month using errcode = 'WK443', hint = 'It may have been dropped before: `wardkeep audit verify` says so.';
  end if;
  return found_events;
end
$$;
comment on function wardkeep_audit.begin_drop(text, interval, text) is
  'First step of dropping a month: an event in each tenant''s log that says which leaves, how many, by whom and why. Returns how many events. For the owner. Fails with WK440, WK441, WK442, WK443, WK444.';

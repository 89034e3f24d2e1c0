-- The events behind references as accesses() gives them, as far as they lie in the reviewer's own branches.
create function wardkeep_audit.referred_events(me wardkeep.token, refs text[]) returns setof wardkeep_audit.event
  -- By key, whoever calls it.
  language sql stable set search_path = pg_catalog, pg_temp set enable_nestloop = on
as $$
  select e.* from (select split_part(r, '-', 1)::xid8 as xid, split_part(r, '-', 2)::bigint as id
                     from (select distinct r from unnest(refs) r where r ~ '^[0-9]{1,18}-[0-9]{1,18}$' offset 0) r) r
    join wardkeep_audit.event e on e.xid = r.xid and e.id = r.id
   where e.tenant = (me).tenant and wardkeep_audit.is_within(e.branch, (me).branches, wardkeep_audit.holds_tenant(me))
$$;
comment on function wardkeep_audit.referred_events(wardkeep.token, text[]) is 'Internal: events by reference, of one''s own branches only.';

create function wardkeep_audit.queue_accesses(events text[], subjects text[]) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_nestloop = off set jit = off
as $$
declare
  me wardkeep.token := wardkeep_audit.access_reviewer();
  added integer;
begin
  if cardinality(events) is distinct from cardinality(subjects) or cardinality(events) > 10000 then
    raise exception 'at most 10,000 accesses, each with its person' using errcode = 'WK438';
  end if;
  -- What is claimed to be unexplained is an access of one's own branches to this very person, or it is not put down.
  insert into wardkeep_audit.access_queue (tenant, branch, access, subject, queued_by)
  select e.tenant, e.branch, wardkeep_audit.access_id(e.verb, e.detail, e.id), p.subject, me.actor
    from wardkeep_audit.referred_events(me, events) e
    join (select distinct u.event, u.subject from unnest(events, subjects) u(event, subject)) p on p.event = e.xid::text || '-' || e.id
   where wardkeep_audit.is_access(e.verb, e.relation, e.detail)
     and p.subject = any (wardkeep_audit.persons_of(e.verb, e.detail, e.subject))
   order by 3, 4
  on conflict (access, subject) do nothing;
  get diagnostics added = row_count;
  return added;
end
$$;
comment on function wardkeep_audit.queue_accesses(text[], text[]) is
  'Puts accesses to persons into the queue, each once; what is not an access in one''s own branches is left out. Returns how many were new. For reviewers. Fails with WK1xx, WK435, WK438.';

-- An access to one person, or an alert: its rule and the events it rests on. Decided once, by somebody else than whose it is.
create function wardkeep_audit.review_access(what jsonb) returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep_audit.access_reviewer();
  refs text[] := array(select distinct x collate "C" from jsonb_array_elements_text(case when jsonb_typeof(what -> 'events') = 'array' then what -> 'events' else '[]' end) x order by 1);
  made wardkeep_audit.access_review;
  found_events wardkeep_audit.event[];
  one wardkeep_audit.event;
begin
  made.subject := wardkeep_audit.as_logged(null, what ->> 'subject');
  made.rule := case when made.subject is null then coalesce(what ->> 'rule', '') else 'unexplained' end;
  made.outcome := coalesce(what ->> 'outcome', '');
  made.reason := btrim(coalesce(what ->> 'reason', ''));
  if made.outcome not in ('legitimate', 'not_legitimate', 'forwarded') or made.reason = '' or length(made.reason) > 2000
     or made.rule !~ '^[a-z][a-z_]{0,39}$' or cardinality(refs) not between 1 and 10000 or made.subject is not null and cardinality(refs) > 1 then
    raise exception 'a review says legitimate, not_legitimate or forwarded, why in at most 2,000 characters, and of what' using errcode = 'WK438';
  end if;
  found_events := array(select e from wardkeep_audit.referred_events(me, refs) e order by e.id);
  one := found_events[1];
  -- The same refusal whether it is not there, another branch's, or no access to this person.
  if cardinality(found_events) <> cardinality(refs)
     or made.subject is null and exists (select from unnest(found_events) e
          where e.actor <> one.actor or not (wardkeep_audit.is_access(e.verb, e.relation, e.detail) or e.verb in ('deny', 'break_glass')))
     or made.subject is not null and not (wardkeep_audit.is_access(one.verb, one.relation, one.detail)
          and coalesce(made.subject = any (wardkeep_audit.persons_of(one.verb, one.detail, one.subject)), false)) then
    raise exception 'there is no such access here' using errcode = 'WK437';
  end if;
  if one.actor = me.actor then
    raise exception 'an access is reviewed by somebody else than whose it is' using errcode = 'WK436';
  end if;
  if (select count(*) from wardkeep_audit.access_review v where v.tenant = me.tenant and v.reviewed_by = me.actor and v.reviewed_at > clock_timestamp() - interval '1 hour') >= 1000 then
    raise exception 'this reviewer decided 1,000 times within an hour' using errcode = 'WK439', hint = 'Go on later, or leave it to another reviewer.';
  end if;
  -- What was done in several branches is of none: whoever holds one of them is not told what was said of the others.
  made.branch := case when not exists (select from unnest(found_events) e where e.branch is distinct from one.branch) then one.branch end;
  if made.subject is not null then
    made.access := wardkeep_audit.access_id(one.verb, one.detail, one.id);
    made.about := encode(sha256(convert_to(made.access || ':' || made.subject, 'UTF8')), 'hex');
    insert into wardkeep_audit.access_queue (tenant, branch, access, subject, queued_by)
    values (one.tenant, one.branch, made.access, made.subject, me.actor) on conflict (access, subject) do nothing;
  else
    made.about := encode(sha256(convert_to(made.rule || ':' || array_to_string(array(
      select distinct wardkeep_audit.access_id(e.verb, e.detail, e.id)::text collate "C" from unnest(found_events) e order by 1), ','), 'UTF8')), 'hex');
  end if;
  if exists (select from wardkeep_audit.access_review v where v.tenant = me.tenant and v.about = made.about and v.outcome <> 'forwarded') then
    raise exception 'this was decided already' using errcode = 'WK439';
  end if;
  insert into wardkeep_audit.access_review (tenant, branch, about, rule, access, subject, actor, outcome, reason, reviewed_by, reviewed_as, session)
  values (me.tenant, made.branch, made.about, made.rule, made.access, made.subject, one.actor, made.outcome, made.reason, me.actor, me.role, me.session_id)
  returning * into made;
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, detail)
  values (me.tenant, made.branch, me.actor, me.role, me.purpose, me.session_id, wardkeep.request_id(), 'create', 'wardkeep_audit.access_review', made.id::text, made.subject,
    json_strip_nulls(json_build_object('rule', made.rule, 'of', made.actor, 'event', case when cardinality(refs) = 1 then refs[1] end, 'events', cardinality(refs),
      'about', made.about, 'outcome', made.outcome, 'reason', made.reason))::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  return jsonb_build_object('id', made.id::text, 'about', made.about, 'at', made.reviewed_at at time zone 'UTC');
exception when unique_violation then
  raise exception 'this was decided already' using errcode = 'WK439';
end
$$;
comment on function wardkeep_audit.review_access(jsonb) is
  'Records what a review of an access to a person, or of an alert, came to: once, by somebody else than whose access it is, and as an event. For reviewers. Fails with WK1xx, WK435, WK436, WK437, WK438, WK439.';

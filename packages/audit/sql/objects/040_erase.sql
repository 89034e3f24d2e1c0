-- `of_records`: table, record and, where they are known, branch and the numbers of the events, as an int8multirange, that are about the person and
-- do not say so: what belongs to rows about one. With a fifth member: a row about the person whose events say so.
create function wardkeep_audit.events_about(of_tenant text, of_subject text, of_records jsonb) returns table (xid xid8, id bigint)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  select e.xid, e.id from wardkeep_audit.event e where e.tenant = of_tenant and e.subject = of_subject
  union
  -- Whoever declared an emergency may have spelled a UUID otherwise.
  select e.xid, e.id from wardkeep_audit.event e
   where e.tenant = of_tenant and translate(lower(e.subject), '{}-', '') = replace(of_subject, '-', '') and wardkeep_audit.as_logged(null, e.subject) = of_subject
  union
  select e.xid, e.id from wardkeep_audit.event e where e.tenant = of_tenant and e.verb = 'view' and e.subject is null
     and wardkeep_audit.subjects_of(e.verb, e.detail) @> array[of_subject]
  union
  -- Whoever names records wants the key out of every event that is about nobody else.
  select e.xid, e.id from wardkeep_audit.event e
   where of_records is not null and length(of_subject) >= 32 and e.tenant = of_tenant and e.subject is null
     and wardkeep_audit.subjects_of(e.verb, e.detail) is null and strpos(concat(e.record, ' ', e.detail), of_subject) > 0
  union
  select e.xid, e.id from wardkeep_audit.event e
   where of_records <> '[]' and e.tenant = of_tenant and e.subject is null and e.record is not null
     and exists (select from jsonb_array_elements(of_records) r
       where r.value ->> 0 = e.relation and r.value ->> 1 = e.record and coalesce(r.value ->> 2 = e.branch, true)
         and coalesce((r.value ->> 3)::int8multirange @> e.id, true) and r.value ->> 4 is null);
end
$$;
comment on function wardkeep_audit.events_about(text, text, jsonb) is 'Internal: the events of a tenant that are about a person.';

create function wardkeep_audit.erase_person(of_tenant text, of_subject text, reason text, of_records jsonb) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  erased integer;
  xids xid8[];
  ids bigint[];
  is_locked boolean;
  is_open boolean;
  mixed wardkeep_audit.event[];
  told integer;
begin
  if coalesce(trim(reason), '') = '' then
    raise exception 'an erasure needs a reason' using errcode = 'WK409', hint = 'Say why; it is recorded.';
  end if;
  perform wardkeep_audit.require_unheld(of_tenant, of_subject, of_records);
  -- Once without the lock: whoever asks until the sealer is through does not stop it. Then for good: an event that commits later
  -- has no leaf that could keep its commitments, and is left as it is.
  foreach is_locked in array array[false, true] loop
    if is_locked then
      perform wardkeep_audit.lock_within(10000, 'share row exclusive', array['wardkeep_audit.leaf']);
    end if;
    select array_agg(a.xid), array_agg(a.id), bool_or(not exists (select from wardkeep_audit.leaf l where l.event = a.id)) into xids, ids, is_open
      from wardkeep_audit.events_about(of_tenant, of_subject, of_records) a;
    if is_open then
      raise exception 'events about this person are not sealed yet' using errcode = 'WK409',
        hint = 'Run `wardkeep audit seal` (in code: the sealer), then erase; nothing was erased.';
    end if;
  end loop;
  -- What an event says of several persons is one commitment: the others are said again, in events of their own.
  mixed := array(select e from unnest(xids, ids) a(xid, id) join wardkeep_audit.event e on e.xid = a.xid and e.id = a.id
   where e.verb = 'view' and e.subject is null and wardkeep_audit.subjects_of(e.verb, e.detail) @> array[of_subject]
     and cardinality(array_remove(wardkeep_audit.subjects_of(e.verb, e.detail), of_subject)) > 0);
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, subject, groups, n, detail)
  select e.tenant, e.branch, e.actor, e.role, e.purpose, e.session, e.request, e.verb, e.relation,
         case when cardinality(o.others) = 1 then o.others[1] end, e.groups, e.n,
         json_strip_nulls(json_build_object('source', e.detail::json ->> 'source', 'restates', wardkeep_audit.access_id(e.verb, e.detail, e.id)::text, 'at', wardkeep_audit.happened(e.verb, e.detail, e.at),
           'subjects', case when cardinality(o.others) > 1 then to_json(o.others) end))::text
    from unnest(mixed) e cross join lateral (select array_remove(wardkeep_audit.subjects_of(e.verb, e.detail), of_subject)) o(others);
  get diagnostics told = row_count;
  if told < cardinality(mixed) then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  perform wardkeep_audit.keep_refiled(xids, ids);
  with about as (
    select l.log, l.index, l.seed, e.record, e.subject, e.detail
      from unnest(xids, ids) a(xid, id)
      join wardkeep_audit.event e on e.xid = a.xid and e.id = a.id
      join wardkeep_audit.leaf l on l.event = e.id and l.xid = e.xid
     where l.seed is not null
  )
  insert into wardkeep_audit.erased (log, index, actor_salt, record, subject, detail)
  select log, index, sha256(seed || '\x01'), wardkeep_audit.commitment(seed, 2, record),
         wardkeep_audit.commitment(seed, 3, subject), wardkeep_audit.commitment(seed, 4, detail)
    from about;
  get diagnostics erased = row_count;
  update wardkeep_audit.leaf l set seed = null
    from wardkeep_audit.erased x where x.log = l.log and x.index = l.index and l.seed is not null;
  update wardkeep_audit.event e set record = null, subject = null, detail = null
    from unnest(xids, ids) a(xid, id) where e.xid = a.xid and e.id = a.id;
  perform wardkeep_audit.forget_refiled(of_tenant);
  -- A link to a record of somebody who is gone opens no more.
  delete from wardkeep_audit.share s where s.tenant = of_tenant and s.subject = of_subject;
  delete from wardkeep_audit.transfer t where t.tenant = of_tenant and t.subject = of_subject;
  delete from wardkeep_audit.access_queue q where q.tenant = of_tenant and q.subject = of_subject;
  delete from wardkeep_audit.access_review v where v.tenant = of_tenant and v.subject = of_subject;
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, n, detail)
  values (of_tenant, 'audit:' || session_user, 'owner', 'erasure', 'delete', 'wardkeep_audit.event', erased,
    json_build_object('reason', reason)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  return erased;
end
$$;
comment on function wardkeep_audit.erase_person(text, text, text, jsonb) is
  'Takes a person out of a tenant''s sealed events: values and seeds go, commitments stay, so that every old proof verifies. With `of_records` also of these, each as table, record, branch and, where only some of its events are the person''s, their numbers, whose events name nobody, and wherever else a long key stands in an event about nobody else. Returns how many events; the act is one too. For the owner. Fails with WK409, WK440, WK444.';

create function wardkeep_audit.erase_subject(of_tenant text, of_subject text, reason text) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  person text := wardkeep_audit.as_logged(null, of_subject);
begin
  return wardkeep_audit.erase_person(of_tenant, person, reason, wardkeep_audit.logged_records(of_tenant, person, '[]'));
end
$$;
comment on function wardkeep_audit.erase_subject(text, text, text) is
  'Takes a person out of a tenant''s sealed events that name the person, or a row that belonged to the person''s, as erase_person does. For the owner. Fails with WK409, WK440, WK444.';

create function wardkeep_audit.commitment(seed bytea, field integer, value text) returns bytea
  language sql immutable
  return sha256('\x02' || sha256(seed || set_byte('\x00', 0, field))
    || case when value is null then '\x00' else '\x01' || convert_to(value, 'UTF8') end);
comment on function wardkeep_audit.commitment(bytea, integer, text) is
  'Internal: what a leaf holds of a value; fields are 1 actor, 2 record, 3 subject, 4 detail.';

create function wardkeep_audit.happened(verb text, detail text, at timestamptz) returns timestamptz
  -- Without SET, so that it becomes a part of the query.
  language sql stable
  return case when verb = 'view' and detail like '%"restates"%' then coalesce((detail::json ->> 'at')::timestamptz, at) else at end;
comment on function wardkeep_audit.happened(text, text, timestamptz) is
  'Internal: when what an event tells happened; an event that restates another one after an erasure holds that one''s time.';

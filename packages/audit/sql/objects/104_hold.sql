-- What a case needs is neither dropped nor erased. Here are the holds that are open; what was placed and released is in the log.
-- A hold on a person in the consent ledger is the same thing: open_holds() lists both.
create table wardkeep_audit.hold (
  id uuid primary key default gen_random_uuid(),
  tenant text not null check (tenant <> ''),
  -- Nobody: the whole tenant.
  subject text check (subject <> ''),
  -- When what is held happened; nothing: at any time.
  since timestamptz,
  until timestamptz check (until > since),
  reason text not null check (trim(reason) <> ''),
  authority text not null check (trim(authority) <> ''),
  at timestamptz not null default clock_timestamp(),
  actor text not null
);
comment on table wardkeep_audit.hold is 'Legal holds on the log that are open. Written by functions of the owner only; nobody is granted anything on it.';
alter table wardkeep_audit.hold enable row level security;

create function wardkeep_audit.open_holds() returns table (
    id uuid, tenant text, subject text, since timestamptz, until timestamptz, reason text, authority text, at timestamptz, actor text, placed_in text)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return query select h.id, h.tenant, h.subject, h.since, h.until, h.reason, h.authority, h.at, h.actor, 'audit' from wardkeep_audit.hold h;
  if to_regprocedure('wardkeep_consent.open_holds()') is not null then
    return query select h.id, h.tenant, h.subject, null::timestamptz, null::timestamptz, h.reason, h.authority, h.at, h.actor, 'rights'
      from wardkeep_consent.open_holds() h;
  end if;
end
$$;
comment on function wardkeep_audit.open_holds() is
  'Every legal hold that is open, whether it was placed on the log or, on a person, in the consent ledger. For the owner.';

create function wardkeep_audit.refuse_held(hold uuid, what text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'a legal hold keeps %: %', what, hold using errcode = 'WK440',
    hint = 'Nothing was removed. `wardkeep audit holds` says who placed it and why; it is released by whoever may.';
end
$$;
comment on function wardkeep_audit.refuse_held(uuid, text) is 'Internal: fails with WK440.';

create function wardkeep_audit.lock_within(milliseconds integer, mode text, tables text[]) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  callers text := current_setting('lock_timeout');
  until timestamptz := clock_timestamp() + make_interval(secs =>
    least(milliseconds, (select nullif(s.setting, '0')::integer from pg_settings s where s.name = 'lock_timeout')) / 1000.0);
  one text;
begin
  foreach one in array tables loop
    continue when to_regclass(one) is null;
    perform set_config('lock_timeout', greatest(1, ceil(extract(epoch from until - clock_timestamp()) * 1000))::text, true);
    execute format('lock table only %s in %s mode', one, mode);
  end loop;
  perform set_config('lock_timeout', callers, true);
exception when lock_not_available or deadlock_detected then
  raise exception 'transactions that use the log did not end in time' using errcode = 'WK444',
    hint = 'Nothing was changed. Run the same again when the clinic is quiet.';
end
$$;
comment on function wardkeep_audit.lock_within(integer, text, text[]) is
  'Internal: locks tables, each without its partitions, or none of them; whoever waits behind this one waits no longer than so many milliseconds, nor than the caller''s own lock_timeout. Fails with WK444.';

-- SHARE: a hold that is being placed is waited for, and then seen. In a transaction, the log comes before this table: placing one
-- writes its event first.
create function wardkeep_audit.require_unheld(of_tenant text, of_subject text, of_records jsonb) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  h record;
begin
  perform wardkeep.require_read_committed();
  perform wardkeep_audit.lock_within(10000, 'share', array['wardkeep_audit.hold']);
  for h in select * from wardkeep_audit.open_holds() o where o.tenant = of_tenant and coalesce(o.subject, of_subject) = of_subject loop
    if h.since is null and h.until is null or exists (
        select from wardkeep_audit.events_about(of_tenant, of_subject, of_records) a join wardkeep_audit.event e on e.xid = a.xid and e.id = a.id
         where wardkeep_audit.happened(e.verb, e.detail, e.at) >= coalesce(h.since, '-infinity') and wardkeep_audit.happened(e.verb, e.detail, e.at) < coalesce(h.until, 'infinity')) then
      perform wardkeep_audit.refuse_held(h.id, 'what is about this person');
    end if;
  end loop;
end
$$;
comment on function wardkeep_audit.require_unheld(text, text, jsonb) is
  'Internal: fails with WK440 where a hold on the tenant, on the person, or on a time in which the log has events about the person is open; until the transaction ends none is placed. Fails with WK444 where one is being placed for ten seconds.';

create function wardkeep_audit.place_hold(of_tenant text, of_subject text, since timestamptz, until timestamptz, reason text, authority text) returns uuid
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  hold uuid := gen_random_uuid();
  person text := wardkeep_audit.as_logged(null, nullif(of_subject, ''));
begin
  if coalesce(trim(reason), '') = '' or coalesce(trim(authority), '') = '' or coalesce(of_tenant, '') = '' or until <= since then
    raise exception 'a hold has a tenant, a reason and who asks for it, and ends after it begins' using errcode = 'WK443', hint = 'Say all of them; they are recorded.';
  end if;
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, record, subject, detail)
  values (of_tenant, 'audit:' || session_user, 'owner', 'hold', 'hold', 'wardkeep_audit.hold', hold::text, person,
    json_strip_nulls(json_build_object('phase', 'placed', 'reason', reason, 'authority', authority, 'since', since, 'until', until))::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  insert into wardkeep_audit.hold (id, tenant, subject, since, until, reason, authority, actor)
  values (hold, of_tenant, person, since, until, reason, authority, 'audit:' || session_user);
  return hold;
end
$$;
comment on function wardkeep_audit.place_hold(text, text, timestamptz, timestamptz, text, text) is
  'Holds a tenant''s log, or what in it is about a person or from a time: nothing of it is dropped or erased until it is released. The act is an event. For the owner. Fails with WK443.';

create function wardkeep_audit.release_hold(hold uuid, reason text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  h record;
begin
  if coalesce(trim(reason), '') = '' then
    raise exception 'a release needs a reason' using errcode = 'WK443', hint = 'Say why; it is recorded.';
  end if;
  select * into h from wardkeep_audit.open_holds() o where o.id = hold;
  if not found then
    raise exception 'no such hold is open' using errcode = 'WK443', hint = '`wardkeep audit holds` lists them.';
  end if;
  if h.placed_in <> 'audit' then
    raise exception 'this hold is of a person''s records, not of the log alone' using errcode = 'WK443',
      hint = 'Release it where it was placed: `wardkeep rights release`.';
  end if;
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, record, subject, detail)
  values (h.tenant, 'audit:' || session_user, 'owner', 'hold', 'hold', 'wardkeep_audit.hold', hold::text, h.subject,
    json_build_object('phase', 'released', 'reason', reason)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  delete from wardkeep_audit.hold d where d.id = hold;
end
$$;
comment on function wardkeep_audit.release_hold(uuid, text) is 'Ends a legal hold of the log. The act is an event. For the owner. Fails with WK443.';

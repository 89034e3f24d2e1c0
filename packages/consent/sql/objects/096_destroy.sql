-- Whom a destruction was about, until a query has looked for what is left: without the key nobody could look again.
create table wardkeep_consent.unverified (
  request uuid primary key,
  tenant text not null,
  branch text not null,
  subject text not null,
  -- Table, record and branch of what was deleted and whose events in the audit log name nobody: what belonged to rows about the person.
  records jsonb not null default '[]',
  -- Events of the audit log from which the person was taken so far.
  erased integer not null default 0,
  -- Whether somebody else was on the way to the key when the person was destroyed.
  several boolean not null default false
);
comment on table wardkeep_consent.unverified is
  'Destroyed, and not looked for yet: the key is here until it was. Written by functions of the owner only; nobody is granted anything on it.';
alter table wardkeep_consent.unverified enable row level security;

-- For the owner only, in a context of the owner for the tenant: see destroyPerson().
create function wardkeep_consent.destroy_person(of_request uuid) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
  o wardkeep_consent.rights_event;
  d wardkeep_consent.rights_event;
  e wardkeep_consent.rights_event;
  salt text := encode(sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'hex');
  counts jsonb;
  h wardkeep_consent.reach;
begin
  perform wardkeep.require_read_committed();
  -- Once is enough: what was done is said again.
  if exists (select from wardkeep_consent.rights_event v where v.request = of_request and v.kind = 'destroyed' and v.tenant = me.tenant) then
    return wardkeep_consent.destroyed(of_request);
  end if;
  select v.* into o from wardkeep_consent.rights_event v where v.id = of_request and v.kind = 'opened' and v.asked = 'erasure' and v.tenant = me.tenant;
  if not found then
    perform wardkeep_consent.refuse_right('no such request for erasure in this clinic');
  end if;
  -- Where the person is now.
  select v.here into o.branch from wardkeep_consent.right_of_person v where v.id = o.id;
  select r.* into h from wardkeep_consent.reach r where r.tenant = o.tenant and r.branch = o.branch and r.subject = o.subject for update;
  if not exists (select from wardkeep_consent.right_of_person v where v.id = o.id and v.here = o.branch) then
    perform wardkeep_consent.refuse_right('somebody else has the key of this person now, whose rows would be destroyed');
  end if;
  -- A UUID is one person's wherever it is: the ledger and the log of the other row would be destroyed with this one's.
  if wardkeep_consent.unmistakable(o.subject)
     and exists (select from wardkeep_consent.everybody() p where p.branch <> o.branch and p.subject = o.subject) then
    perform wardkeep_consent.refuse_right('another branch has a person under this key, whose records would be destroyed');
  end if;
  select v.* into d from wardkeep_consent.rights_event v where v.request = of_request and v.kind = 'decided' and v.destroy_after is not null;
  if not found then
    perform wardkeep_consent.refuse_right('the erasure was not decided');
  end if;
  if d.destroy_after > clock_timestamp() then
    perform wardkeep_consent.refuse_right('a period that keeps these records has not ended');
  end if;
  if exists (select from wardkeep_consent.right_of_person v where v.kind = 'held' and v.tenant = o.tenant and v.here = o.branch and v.subject = o.subject
      and not exists (select from wardkeep_consent.rights_event x where x.request = v.id and x.kind = 'hold_released')) then
    perform wardkeep_consent.refuse_right('a legal hold keeps these records');
  end if;
  if to_regclass('wardkeep_audit.hold') is not null then
    perform wardkeep_audit.require_unheld(o.tenant, o.subject, '[]');
  end if;
  counts := wardkeep_consent.destroy_rows(o.tenant, o.branch, o.subject) || jsonb_build_object('wardkeep_consent.event',
    (select count(*) from wardkeep_consent.of_person v where v.tenant = o.tenant and v.here = o.branch and v.subject = o.subject));
  e.id := gen_random_uuid();
  e.request := of_request;
  e.tenant := o.tenant;
  e.branch := o.branch;
  e.subject := '';
  e.kind := 'destroyed';
  e.detail := jsonb_build_object('salt', salt, 'rows', counts, 'keep', d.detail -> 'keep', 'decidedAt', d.at, 'openedAt', o.at,
    'subject_sha256', encode(sha256(convert_to(salt || o.branch || ' ' || o.subject, 'UTF8')), 'hex'),
    'log', wardkeep_consent.log_of(h));
  perform wardkeep_consent.add_right(e);
  insert into wardkeep_consent.unverified (request, tenant, branch, subject, records)
  values (of_request, o.tenant, o.branch, o.subject, wardkeep_consent.records_without_subject());
  perform wardkeep_consent.destroy_ledger(h);
  return wardkeep_consent.destroyed(of_request);
end
$$;
comment on function wardkeep_consent.destroy_person(uuid) is
  'For the owner: removes every row about a person once the last period has ended and no hold is left, the ledger''s too; again, it says what was done. Fails with WK009, WK440, WK444, WK560.';

create function wardkeep_consent.destroyed(of_request uuid) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
  return (select e.detail || jsonb_build_object('branch', e.branch, 'subject', u.subject, 'verified', v.id, 'found', v.detail -> 'found', 'mentions', v.detail -> 'mentions',
      'erased', coalesce(v.detail -> 'erased', to_jsonb(u.erased)),
      'log', coalesce(v.detail -> 'log', case when u.several then '"key-of-several"'::jsonb end, e.detail -> 'log'))
    from wardkeep_consent.rights_event e
    left join wardkeep_consent.unverified u on u.request = e.request and u.tenant = e.tenant
    left join wardkeep_consent.rights_event v on v.request = e.request and v.tenant = e.tenant and v.kind = 'verified'
   where e.request = of_request and e.kind = 'destroyed');
comment on function wardkeep_consent.destroyed(uuid) is
  'Internal: what a destruction did, the key as long as nobody looked for what is left, and what was found then.';

create function wardkeep_consent.verify_destroyed(of_request uuid, seen jsonb, mentions jsonb) returns uuid
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  e wardkeep_consent.rights_event;
  from_events integer;
  of_log jsonb := wardkeep_consent.destroyed(of_request) -> 'log';
begin
  select v.* into e from wardkeep_consent.rights_event v where v.request = of_request and v.kind = 'destroyed';
  if not found or exists (select from jsonb_each(seen) f where f.value <> '0') then
    perform wardkeep_consent.refuse_right('rows about the person were found, so nothing is certified');
  end if;
  delete from wardkeep_consent.unverified u where u.request = of_request returning u.erased into from_events;
  if not found then
    perform wardkeep_consent.refuse_right('this destruction was certified already');
  end if;
  insert into wardkeep_consent.rights_event (tenant, branch, subject, request, kind, detail, actor, role, purpose, session_id)
  values (e.tenant, e.branch, '', of_request, 'verified', jsonb_build_object('found', seen, 'mentions', mentions, 'erased', from_events, 'log', of_log), session_user, 'owner', 'backfill', e.session_id)
  returning id into e.id;
  return e.id;
end
$$;
comment on function wardkeep_consent.verify_destroyed(uuid, jsonb, jsonb) is
  'For the owner: records that an independent query found no row about a destroyed person, and forgets the key. Fails with WK560.';

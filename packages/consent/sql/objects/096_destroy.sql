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
begin
  perform wardkeep.require_read_committed();
  select v.* into o from wardkeep_consent.rights_event v where v.id = of_request and v.kind = 'opened' and v.asked = 'erasure' and v.tenant = me.tenant;
  if not found then
    perform wardkeep_consent.refuse_right('no such request for erasure in this clinic');
  end if;
  perform from wardkeep_consent.reach h where h.tenant = o.tenant and h.branch = o.branch and h.subject = o.subject for update;
  select v.* into d from wardkeep_consent.rights_event v where v.request = of_request and v.kind = 'decided' and v.destroy_after is not null;
  if not found then
    perform wardkeep_consent.refuse_right('the erasure was not decided');
  end if;
  if d.destroy_after > clock_timestamp() then
    perform wardkeep_consent.refuse_right('a period that keeps these records has not ended');
  end if;
  if exists (select from wardkeep_consent.rights_event h where h.kind = 'held' and h.tenant = o.tenant and h.branch = o.branch and h.subject = o.subject
      and not exists (select from wardkeep_consent.rights_event x where x.request = h.id and x.kind = 'hold_released')) then
    perform wardkeep_consent.refuse_right('a legal hold keeps these records');
  end if;
  counts := wardkeep_consent.destroy_rows(o.tenant, o.branch, o.subject);
  e.id := gen_random_uuid();
  e.request := of_request;
  e.tenant := o.tenant;
  e.branch := o.branch;
  e.subject := '';
  e.kind := 'destroyed';
  e.detail := jsonb_build_object('salt', salt, 'rows', counts, 'keep', d.detail -> 'keep', 'decidedAt', d.at, 'openedAt', o.at,
    'subject_sha256', encode(sha256(convert_to(salt || o.branch || ' ' || o.subject, 'UTF8')), 'hex'));
  perform wardkeep_consent.add_right(e);
  with gone as (delete from wardkeep_consent.event v where v.tenant = o.tenant and v.branch = o.branch and v.subject = o.subject returning 1)
  select counts || jsonb_build_object('wardkeep_consent.event', count(*)) into counts from gone;
  delete from wardkeep_consent.standing s where s.tenant = o.tenant and s.branch = o.branch and s.subject = o.subject;
  delete from wardkeep_consent.rights_event v where v.tenant = o.tenant and v.branch = o.branch and v.subject = o.subject;
  delete from wardkeep_consent.reach h where h.tenant = o.tenant and h.branch = o.branch and h.subject = o.subject;
  return e.detail || jsonb_build_object('branch', o.branch, 'subject', o.subject, 'rows', counts);
end
$$;
comment on function wardkeep_consent.destroy_person(uuid) is
  'For the owner: removes every row about a person once the last period has ended and no hold is left, the ledger''s too. Fails with WK009, WK560.';

create function wardkeep_consent.verify_destroyed(of_request uuid, seen jsonb) returns uuid
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  e wardkeep_consent.rights_event;
begin
  select v.* into e from wardkeep_consent.rights_event v where v.request = of_request and v.kind = 'destroyed';
  if not found or exists (select from jsonb_each(seen) f where f.value <> '0') then
    perform wardkeep_consent.refuse_right('rows about the person were found, so nothing is certified');
  end if;
  insert into wardkeep_consent.rights_event (tenant, branch, subject, request, kind, detail, actor, role, purpose, session_id)
  values (e.tenant, e.branch, '', of_request, 'verified', jsonb_build_object('found', seen), session_user, 'owner', 'backfill', e.session_id)
  returning id into e.id;
  return e.id;
end
$$;
comment on function wardkeep_consent.verify_destroyed(uuid, jsonb) is
  'For the owner: records that an independent query found no row about a destroyed person. Fails with WK560.';

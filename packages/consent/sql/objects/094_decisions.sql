create function wardkeep_consent.decide_request(of_request uuid, doc jsonb) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  e wardkeep_consent.rights_event := wardkeep_consent.request_now(of_request);
  asked text := e.asked;
  k jsonb;
  ends timestamptz := '-infinity';
begin
  perform wardkeep_consent.required(doc, '{outcome,words,contact}');
  if e.destroy_after is not null then
    perform wardkeep_consent.refuse_right('the request is decided');
  end if;
  if doc ->> 'outcome' not in ('fulfilled', 'partly', 'refused') then
    perform wardkeep_consent.refuse_right('a request is fulfilled, partly fulfilled (partly) or refused');
  end if;
  if doc ->> 'outcome' <> 'fulfilled' then
    perform wardkeep_consent.required(doc, '{reason}');
    if doc ->> 'reason' not in ('statute', 'legal_hold', 'not_held', 'opinion_of_a_professional', 'mental_healthcare_25', 'identity_not_shown') then
      perform wardkeep_consent.refuse_right('a refusal has one of these reasons: statute, legal_hold, not_held, opinion_of_a_professional, mental_healthcare_25, identity_not_shown');
    end if;
    if doc ->> 'reason' in ('statute', 'mental_healthcare_25') then
      perform wardkeep_consent.required(doc, '{cites}');
    end if;
  end if;
  if not (doc ->> 'outcome' = 'refused' and doc ->> 'reason' = 'identity_not_shown')
     and not exists (select from wardkeep_consent.rights_event v where v.request = of_request and v.kind = 'identified') then
    perform wardkeep_consent.refuse_right('nobody checked who asks; that comes first');
  end if;
  if asked = 'erasure' and doc ->> 'outcome' <> 'refused' then
    if coalesce(jsonb_typeof(doc -> 'keep'), '') <> 'array' then
      perform wardkeep_consent.refuse_right('an erasure names what is kept, by which rule and until when; an empty list where nothing is');
    end if;
    for k in select v.value from jsonb_array_elements(doc -> 'keep') v loop
      perform wardkeep_consent.required(k, '{record,rule,until}');
      ends := greatest(ends, wardkeep.instant(k ->> 'until'));
    end loop;
    e.destroy_after := greatest(ends, clock_timestamp());
    update wardkeep_consent.reach h set restricted = true where h.tenant = e.tenant and h.branch = e.branch and h.subject = e.subject;
    perform wardkeep_consent.refresh(e.tenant, e.branch, e.subject);
  end if;
  e.id := gen_random_uuid();
  e.kind := 'decided';
  e.asked := null;
  e.due_at := null;
  e.detail := jsonb_strip_nulls(jsonb_build_object('outcome', doc ->> 'outcome', 'reason', doc ->> 'reason', 'cites', doc ->> 'cites',
    'words', doc ->> 'words', 'contact', doc ->> 'contact', 'keep', doc -> 'keep'));
  return wardkeep_consent.add_right(e);
end
$$;
comment on function wardkeep_consent.decide_request(uuid, jsonb) is
  'Decides a request, with a reason where it is not fulfilled and the contact that every answer names. An erasure restricts the person at once. Fails with WK1xx, WK009, WK560.';

create function wardkeep_consent.answer_request(of_request uuid, of_sha256 text) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  e wardkeep_consent.rights_event := wardkeep_consent.request_now(of_request);
begin
  if e.destroy_after is null then
    perform wardkeep_consent.refuse_right('the request is not decided yet');
  end if;
  if coalesce(of_sha256, '') !~ '^[0-9a-f]{64}$' then
    perform wardkeep_consent.refuse_right('what was handed over is named by its SHA-256, in hexadecimal');
  end if;
  e.id := gen_random_uuid();
  e.kind := 'answered';
  e.asked := null;
  e.due_at := null;
  e.destroy_after := null;
  e.detail := jsonb_build_object('sha256', of_sha256);
  return wardkeep_consent.add_right(e);
end
$$;
comment on function wardkeep_consent.answer_request(uuid, text) is 'Records that an answer was handed over, by its SHA-256. Fails with WK1xx, WK560.';

create function wardkeep_consent.add_about(of_subject text, of_kind text, of_request uuid, doc jsonb) returns uuid
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  r wardkeep_consent.reach := wardkeep_consent.hold(of_subject);
  e wardkeep_consent.rights_event;
begin
  perform wardkeep_consent.for_staff();
  e.id := gen_random_uuid();
  e.request := coalesce(of_request, e.id);
  e.tenant := r.tenant;
  e.branch := r.branch;
  e.subject := r.subject;
  e.kind := of_kind;
  e.detail := doc;
  if of_kind = 'hold_released' and not exists (select from wardkeep_consent.right_of_person v where v.id = of_request and v.kind = 'held'
      and v.tenant = r.tenant and v.here = r.branch and v.subject = r.subject) then
    perform wardkeep_consent.refuse_right('no such hold on this person');
  end if;
  return wardkeep_consent.add_right(e);
end
$$;
comment on function wardkeep_consent.add_about(text, text, uuid, jsonb) is 'Internal: an act about a person that belongs to no request of theirs.';

create function wardkeep_consent.place_hold(of_subject text, doc jsonb) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  hold uuid;
begin
  perform wardkeep_consent.required(doc, '{reason,authority}');
  hold := wardkeep_consent.add_about(of_subject, 'held', null, jsonb_build_object('reason', doc ->> 'reason', 'authority', doc ->> 'authority'));
  -- An erasure or a drop in the audit log that looked for holds already ends first.
  if to_regclass('wardkeep_audit.hold') is not null then
    lock table wardkeep_audit.hold in row exclusive mode;
  end if;
  return hold;
end
$$;
comment on function wardkeep_consent.place_hold(text, jsonb) is 'A legal hold: nothing about the person is destroyed, or dropped from the audit log, until it is released. Fails with WK1xx, WK503, WK560.';

create function wardkeep_consent.open_holds() returns table (id uuid, tenant text, subject text, reason text, authority text, at timestamptz, actor text)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select v.id, v.tenant, v.subject, v.detail ->> 'reason', v.detail ->> 'authority', v.at, v.actor from wardkeep_consent.rights_event v
   where v.kind = 'held' and v.subject <> '' and not exists (select from wardkeep_consent.rights_event x where x.request = v.id and x.kind = 'hold_released')
$$;
comment on function wardkeep_consent.open_holds() is 'Internal: legal holds on persons that are open, for the audit log.';

create function wardkeep_consent.release_hold(of_subject text, of_hold uuid, reason text) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform wardkeep_consent.required(jsonb_build_object('reason', reason), '{reason}');
  return wardkeep_consent.add_about(of_subject, 'hold_released', of_hold, jsonb_build_object('reason', reason));
end
$$;
comment on function wardkeep_consent.release_hold(text, uuid, text) is 'Ends a legal hold. Fails with WK1xx, WK503, WK560.';

create function wardkeep_consent.disclose(of_subject text, doc jsonb) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform wardkeep_consent.required(doc, '{recipient,data,purpose}');
  return wardkeep_consent.add_about(of_subject, 'disclosed', null,
    jsonb_build_object('recipient', doc ->> 'recipient', 'data', doc ->> 'data', 'purpose', doc ->> 'purpose'));
end
$$;
comment on function wardkeep_consent.disclose(text, jsonb) is
  'Records that data about a person went to somebody else: section 11(1)(b) of the DPDP Act asks with whom it was shared. Fails with WK1xx, WK503, WK560.';

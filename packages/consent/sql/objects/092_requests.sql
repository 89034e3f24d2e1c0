create function wardkeep_consent.open_request(of_subject text, doc jsonb) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
  r wardkeep_consent.reach := wardkeep_consent.hold(of_subject);
  e wardkeep_consent.rights_event;
  received timestamptz := coalesce(wardkeep.instant(doc ->> 'receivedAt'), clock_timestamp());
begin
  perform wardkeep_consent.required(doc, '{asked,channel,by,dueAt}');
  if doc ->> 'asked' not in ('access', 'correction', 'erasure', 'grievance', 'nomination') then
    perform wardkeep_consent.refuse_right('a person asks for access, correction or erasure, complains (grievance) or names a nominee (nomination)');
  end if;
  if doc ->> 'by' = 'subject' then
    perform wardkeep_consent.unnamed(wardkeep_consent.entry(doc, ''));
  else
    perform wardkeep_consent.for_staff();
    if not coalesce(wardkeep_consent.represents(r, (wardkeep_consent.entry(doc, '')).representation, doc ->> 'by'), false) then
      perform wardkeep_consent.refuse_right('nobody was verified to represent this person so, or no longer does');
    end if;
  end if;
  if me.subjects is not null and doc ? 'receivedAt' then
    perform wardkeep_consent.refuse_right('who asks for oneself asks now');
  end if;
  if received > clock_timestamp() or received < clock_timestamp() - interval '90 days' then
    perform wardkeep_consent.refuse_right('a request was received at most ninety days ago, and not in the future');
  end if;
  e.id := gen_random_uuid();
  e.request := e.id;
  e.kind := 'opened';
  e.asked := doc ->> 'asked';
  e.tenant := r.tenant;
  e.branch := r.branch;
  e.subject := r.subject;
  e.due_at := wardkeep.instant(doc ->> 'dueAt');
  -- Rule 14(3) of the DPDP Rules, 2025, for grievances; for the others the Rules set no number, and the same limit is ours.
  if e.due_at <= received or e.due_at > received + interval '90 days' then
    perform wardkeep_consent.refuse_right('the answer is due after the request was received, and within ninety days of it');
  end if;
  e.detail := jsonb_strip_nulls(jsonb_build_object('receivedAt', received, 'channel', doc ->> 'channel', 'by', doc ->> 'by',
    'representation', doc ->> 'representation', 'what', doc ->> 'what', 'rule', doc ->> 'rule', 'nominee', doc ->> 'nominee'));
  if e.asked = 'nomination' then
    perform wardkeep_consent.required(doc, '{nominee}');
  elsif e.asked in ('correction', 'grievance') then
    perform wardkeep_consent.required(doc, '{what}');
  end if;
  return wardkeep_consent.add_right(e);
end
$$;
comment on function wardkeep_consent.open_request(text, jsonb) is
  'Records what a person asks for, through which channel, and by when it is answered. Fails with WK1xx, WK503, WK560.';

create function wardkeep_consent.request_now(of_request uuid) returns wardkeep_consent.rights_event
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
  held text[] := wardkeep.branches();
  e wardkeep_consent.rights_event;
  r wardkeep_consent.reach;
begin
  perform wardkeep_consent.for_staff();
  select v.* into e from wardkeep_consent.rights_event v where v.id = of_request;
  -- What is added is of the branch where the person is now.
  select v.here into e.branch from wardkeep_consent.right_of_person v
   where v.id = of_request and v.kind = 'opened' and v.tenant = me.tenant and (v.here = '' or v.here = any (held));
  if not found then
    perform wardkeep_consent.refuse_right('no such request in the branches of this context');
  end if;
  -- One act after the other on one person: see hold(). Behind the wait the key may be somebody else's, or another branch's.
  r := wardkeep_consent.hold(e.subject);
  if r.branch <> e.branch or not exists (select from wardkeep_consent.right_of_person v where v.id = of_request and v.here = r.branch) then
    perform wardkeep_consent.refuse_right('no such request in the branches of this context');
  end if;
  if exists (select from wardkeep_consent.rights_event v where v.request = of_request and v.kind = 'decided') then
    e.destroy_after := 'infinity';
  end if;
  return e;
end
$$;
comment on function wardkeep_consent.request_now(uuid) is
  'Internal: a request in the branches of the verified context; destroy_after is set where it is decided. Fails with WK1xx, WK503, WK560.';

create function wardkeep_consent.identify_request(of_request uuid, doc jsonb) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  e wardkeep_consent.rights_event := wardkeep_consent.request_now(of_request);
begin
  perform wardkeep_consent.required(doc, '{how,evidence}');
  if e.destroy_after is not null then
    perform wardkeep_consent.refuse_right('the request is decided');
  end if;
  e.id := gen_random_uuid();
  e.kind := 'identified';
  e.asked := null;
  e.due_at := null;
  e.detail := jsonb_build_object('how', doc ->> 'how', 'evidence', doc ->> 'evidence');
  return wardkeep_consent.add_right(e);
end
$$;
comment on function wardkeep_consent.identify_request(uuid, jsonb) is
  'Records how it was checked that the one who asks is the person, or acts for the person. Fails with WK1xx, WK560.';

create function wardkeep_consent.requests(of_subject text)
  returns table (id uuid, request uuid, at timestamptz, branch text, subject text, kind text, asked text, due_at timestamptz,
    destroy_after timestamptz, detail jsonb, actor text, role text)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  me wardkeep.token := wardkeep.verified();
  held text[] := wardkeep.branches();
  key text := wardkeep_consent.spelled(of_subject);
begin
  if me.subjects is not null and coalesce(key <> all (me.subjects), true) then
    perform wardkeep_consent.refuse_right('no such person in the branches of this context');
  end if;
  return query
    select e.id, e.request, e.at, e.here, e.subject, e.kind, e.asked, e.due_at, e.destroy_after, e.detail, e.actor, e.role
      from wardkeep_consent.right_of_person e
     where e.tenant = me.tenant and (e.here = '' or e.here = any (held)) and (of_subject is null or e.subject = key)
       -- A hold may belong to a case that the person is not to learn of from a screen.
       and (me.subjects is null or e.kind not in ('held', 'hold_released'))
     order by e.at, e.id;
end
$$;
comment on function wardkeep_consent.requests(text) is
  'What was asked and done about one person, or about everybody in the branches of the context, in order. Fails with WK1xx, WK560.';

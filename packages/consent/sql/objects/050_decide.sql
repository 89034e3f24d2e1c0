-- One act about one purpose. What is not named is not touched: there is no entry for "all", and none that is given beforehand.
create function wardkeep_consent.check_decision(r wardkeep_consent.reach, e wardkeep_consent.event, s wardkeep_consent.standing) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  p wardkeep.policy_purpose;
  adult boolean := coalesce(wardkeep_consent.majority(r.born) <= clock_timestamp(), false);
  parental boolean := e.given_by in ('parent', 'child_guardian');
begin
  select q.* into p from wardkeep.policy_purpose q where q.name = e.of_purpose and q.in_force and q.wall <> 'none';
  if not found then
    perform wardkeep_consent.refuse('no purpose of this name waits for what a person decides');
  end if;
  if e.kind <> all (case p.wall when 'consent' then '{requested,granted,refused,withdrawn,renewed,expired}'::text[]
                                else '{objected,objection_lifted}'::text[] end) then
    perform wardkeep_consent.refuse('a purpose that waits for consent takes requested, granted, refused, withdrawn, renewed or expired; one that an objection stops takes objected or objection_lifted');
  end if;
  if e.kind in ('requested', 'granted', 'renewed') then
    if not exists (select from wardkeep_consent.notice n, jsonb_array_elements(n.items) i
                    where n.id = e.notice and n.tenant = r.tenant and i.value ->> 'purpose' = e.of_purpose) then
      perform wardkeep_consent.refuse('the purpose is not in this version of the notice');
    end if;
    if not exists (select from wardkeep_consent.of_person v where v.tenant = r.tenant and v.here = r.branch and v.subject = r.subject
                      and v.kind = 'served' and v.notice = e.notice and v.language = e.language) then
      perform wardkeep_consent.refuse('this version of the notice was not served to the person in this language');
    end if;
  end if;
  if e.kind in ('granted', 'renewed') then
    if coalesce(btrim(e.evidence), '') = '' then
      perform wardkeep_consent.refuse('the entry lacks: evidence');
    end if;
    if e.valid_until <= clock_timestamp() then
      perform wardkeep_consent.refuse('the consent would end before it begins');
    end if;
    if not adult and p.children = 'forbidden' then
      perform wardkeep_consent.refuse('this purpose is forbidden for children, and for whom no day of birth is known');
    end if;
    if not adult and e.given_by = 'subject' then
      perform wardkeep_consent.refuse('a child, or somebody whose day of birth is not known, gives no consent; a parent or guardian does');
    end if;
    if not adult and e.given_by in ('guardian', 'nominee') then
      perform wardkeep_consent.refuse('for a child, or somebody whose day of birth is not known, a parent gives consent, or a child_guardian');
    end if;
    if adult and parental then
      perform wardkeep_consent.refuse('the person is no child any more and decides alone');
    end if;
  end if;
  if e.kind = 'renewed' and s.consent is distinct from 'granted' and s.consent is distinct from 'expired' then
    perform wardkeep_consent.refuse('there is no consent to renew');
  end if;
  if e.kind = 'withdrawn' and s.consent is distinct from 'granted' then
    perform wardkeep_consent.refuse('there is no consent to withdraw');
  end if;
  if e.kind in ('refused', 'requested') and s.consent = 'granted' and not wardkeep_consent.ended(r, s) then
    perform wardkeep_consent.refuse('consent stands; withdraw or renew it');
  end if;
  if e.kind = 'expired' and not coalesce(s.consent = 'granted' and wardkeep_consent.ended(r, s), false) then
    perform wardkeep_consent.refuse('nothing has expired');
  end if;
  if e.kind = 'objection_lifted' and not coalesce(s.objected, false) then
    perform wardkeep_consent.refuse('there is no objection to lift');
  end if;
end
$$;
comment on function wardkeep_consent.check_decision(wardkeep_consent.reach, wardkeep_consent.event, wardkeep_consent.standing) is
  'Internal: whether an act fits the policy file, the notice and what went before. Fails with WK503.';

create function wardkeep_consent.settle(r wardkeep_consent.reach, e wardkeep_consent.event) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into wardkeep_consent.standing as s (tenant, branch, subject, of_purpose, consent)
  values (r.tenant, r.branch, r.subject, e.of_purpose, 'none') on conflict do nothing;
  if e.kind in ('objected', 'objection_lifted') then
    update wardkeep_consent.standing s set objected = e.kind = 'objected'
     where s.tenant = r.tenant and s.branch = r.branch and s.subject = r.subject and s.of_purpose = e.of_purpose;
  else
    update wardkeep_consent.standing s
       set consent = case e.kind when 'renewed' then 'granted' else e.kind end, consent_at = e.at, given_by = e.given_by, valid_until = e.valid_until
     where s.tenant = r.tenant and s.branch = r.branch and s.subject = r.subject and s.of_purpose = e.of_purpose;
  end if;
end
$$;
comment on function wardkeep_consent.settle(wardkeep_consent.reach, wardkeep_consent.event) is 'Internal: what an event leaves of where the person stands.';

create function wardkeep_consent.decide(of_subject text, doc jsonb) returns uuid[]
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r wardkeep_consent.reach := wardkeep_consent.hold(of_subject);
  d jsonb;
  e wardkeep_consent.event;
  s wardkeep_consent.standing;
  made uuid[] := '{}';
begin
  perform wardkeep_consent.required(doc, '{by,channel,method}');
  if coalesce(jsonb_typeof(doc -> 'decisions'), '') <> 'array' or doc -> 'decisions' = '[]' then
    perform wardkeep_consent.refuse('name each purpose with what was decided about it');
  end if;
  if (select count(*) > count(distinct i.value ->> 'purpose') from jsonb_array_elements(doc -> 'decisions') i) then
    perform wardkeep_consent.refuse('two acts about one purpose at one instant contradict each other');
  end if;
  if doc ->> 'by' not in ('subject', 'parent', 'child_guardian', 'guardian', 'nominee') then
    perform wardkeep_consent.refuse('the person decides (subject), or a parent, child_guardian, guardian or nominee');
  end if;
  if doc ->> 'by' = 'subject' then
    perform wardkeep_consent.unnamed(wardkeep_consent.entry(doc, ''));
  elsif not coalesce(wardkeep_consent.represents(r, (wardkeep_consent.entry(doc, '')).representation, doc ->> 'by'), false) then
    perform wardkeep_consent.refuse('nobody was verified to represent this person so, or no longer does');
  end if;
  for d in select i.value from jsonb_array_elements(doc -> 'decisions') i loop
    perform wardkeep_consent.required(d, '{purpose,kind}');
    e := wardkeep_consent.entry(doc, d ->> 'kind');
    if e.kind in ('granted', 'renewed') and e.given_by <> 'subject' then
      perform wardkeep_consent.for_staff();
    end if;
    e.of_purpose := d ->> 'purpose';
    e.valid_until := wardkeep.instant(d ->> 'until');
    if e.kind not in ('requested', 'granted', 'renewed') then
      e.notice := null;
      e.language := null;
    end if;
    s := null;
    select h.* into s from wardkeep_consent.standing h
     where h.tenant = r.tenant and h.branch = r.branch and h.subject = r.subject and h.of_purpose = e.of_purpose;
    perform wardkeep_consent.check_decision(r, e, s);
    e := wardkeep_consent.append(r, e);
    perform wardkeep_consent.settle(r, e);
    made := made || e.id;
  end loop;
  perform wardkeep_consent.refresh(r.tenant, r.branch, r.subject);
  return made;
end
$$;
comment on function wardkeep_consent.decide(text, jsonb) is
  'Records what was decided about each named purpose, all or none; it holds on the next statement. Fails with WK1xx, WK009, WK503.';

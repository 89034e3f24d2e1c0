create function wardkeep_consent.servable(r wardkeep_consent.reach, e wardkeep_consent.event) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  status text;
begin
  select t.status into status from wardkeep_consent.notice n join wardkeep_consent.notice_text t on t.notice = n.id and t.language = e.language
   where n.id = e.notice and n.tenant = r.tenant;
  if not found then
    perform wardkeep_consent.refuse('the clinic has no such notice in this language');
  end if;
  if status = 'machine' then
    perform wardkeep_consent.refuse('the text in this language is a machine translation that nobody approved');
  end if;
end
$$;
comment on function wardkeep_consent.servable(wardkeep_consent.reach, wardkeep_consent.event) is
  'Internal: the notice exists in this language, and somebody stands for its words, or WK503.';

create function wardkeep_consent.serve_notice(of_subject text, doc jsonb) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r wardkeep_consent.reach := wardkeep_consent.hold(of_subject);
  e wardkeep_consent.event := wardkeep_consent.entry(doc, 'served');
begin
  perform wardkeep_consent.required(doc, '{notice,language,channel,evidence}');
  perform wardkeep_consent.unnamed(e);
  perform wardkeep_consent.servable(r, e);
  return (wardkeep_consent.append(r, e)).id;
end
$$;
comment on function wardkeep_consent.serve_notice(text, jsonb) is
  'Records that a person was given a version of a notice: language, channel and what shows it. Fails with WK1xx, WK503.';

create function wardkeep_consent.represent(of_subject text, doc jsonb) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r wardkeep_consent.reach := wardkeep_consent.hold(of_subject);
  e wardkeep_consent.event := wardkeep_consent.entry(doc, 'represented');
  -- Rule 10 of the DPDP Rules, 2025, for parents; rule 11 for guardians of a person with disability; section 14 of the Act.
  allowed text[] := case doc ->> 'as'
    when 'parent' then '{identity_held,identity_given,token}'
    when 'child_guardian' then '{identity_held,identity_given,token}'
    when 'guardian' then '{court,designated_authority,local_level_committee}'
    when 'nominee' then '{death,incapacity}'
  end;
begin
  perform wardkeep_consent.for_staff();
  perform wardkeep_consent.required(doc, '{as,who,how,evidence}');
  perform wardkeep_consent.unnamed(e);
  if allowed is null then
    perform wardkeep_consent.refuse('somebody represents a person as parent, child_guardian, guardian or nominee');
  end if;
  if doc ->> 'how' <> all (allowed) then
    perform wardkeep_consent.refuse('for this representation, say how it was verified as one of: ' || array_to_string(allowed, ', '));
  end if;
  if doc ->> 'as' in ('parent', 'child_guardian') and wardkeep_consent.majority(r.born) <= clock_timestamp() then
    perform wardkeep_consent.refuse('the person is no child');
  end if;
  if doc ->> 'as' in ('guardian', 'nominee') and wardkeep_consent.majority(r.born) > clock_timestamp() then
    perform wardkeep_consent.refuse('for a child a parent acts, or a child_guardian');
  end if;
  e.given_by := doc ->> 'as';
  e.detail := jsonb_build_object('who', doc ->> 'who', 'how', doc ->> 'how');
  return (wardkeep_consent.append(r, e)).id;
end
$$;
comment on function wardkeep_consent.represent(text, jsonb) is
  'Records who acts for a person and how that was verified: a parent, a guardian, or a nominee who has come into it. Fails with WK1xx, WK503.';

create function wardkeep_consent.represents(r wardkeep_consent.reach, id uuid, kind text) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
  return exists (select from wardkeep_consent.of_person e
     where e.id = represents.id and e.tenant = r.tenant and e.here = r.branch and e.subject = r.subject and e.kind = 'represented'
       and e.given_by = represents.kind)
   and not exists (select from wardkeep_consent.of_person e
     where e.representation = represents.id and e.tenant = r.tenant and e.here = r.branch and e.subject = r.subject and e.kind = 'representation_ended');
comment on function wardkeep_consent.represents(wardkeep_consent.reach, uuid, text) is
  'Internal: whether this representation of the person was verified and has not ended.';

create function wardkeep_consent.end_representation(of_subject text, of_representation uuid, reason text) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r wardkeep_consent.reach := wardkeep_consent.hold(of_subject);
  e wardkeep_consent.event := wardkeep_consent.entry(jsonb_build_object('representation', of_representation), 'representation_ended');
begin
  perform wardkeep_consent.for_staff();
  select g.given_by into e.given_by from wardkeep_consent.event g where g.id = of_representation;
  if not coalesce(wardkeep_consent.represents(r, of_representation, e.given_by), false) then
    perform wardkeep_consent.refuse('nobody represents this person by that id');
  end if;
  if coalesce(btrim(reason), '') = '' then
    perform wardkeep_consent.refuse('say why the representation ends');
  end if;
  e.detail := jsonb_build_object('reason', reason);
  return (wardkeep_consent.append(r, e)).id;
end
$$;
comment on function wardkeep_consent.end_representation(text, uuid, text) is
  'Records that somebody no longer acts for a person; what they gave stays until it is withdrawn. Fails with WK1xx, WK503.';

create function wardkeep_consent.emergency(of_subject text, reason text) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r wardkeep_consent.reach := wardkeep_consent.hold(of_subject);
  e wardkeep_consent.event := wardkeep_consent.entry('{}', 'emergency');
begin
  perform wardkeep_consent.for_staff();
  if coalesce(btrim(reason), '') = '' then
    perform wardkeep_consent.refuse('say what the emergency was');
  end if;
  e.detail := jsonb_build_object('basis', 's7f', 'reason', reason, 'break_glass', (wardkeep.verified()).break_glass);
  return (wardkeep_consent.append(r, e)).id;
end
$$;
comment on function wardkeep_consent.emergency(text, text) is
  'Records that data was used for an emergency, section 7(f) of the DPDP Act: no consent, and it gives none. Fails with WK1xx, WK503.';

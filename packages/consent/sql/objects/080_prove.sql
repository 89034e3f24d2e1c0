create function wardkeep_consent.prove(of_subject text, of_event uuid)
  returns table (part text, id uuid, subject text, said text, notice_code text, notice_version integer, language text, direction text, status text, body text)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  me wardkeep.token := wardkeep.verified();
  held text[] := wardkeep.branches();
  e wardkeep_consent.event;
  place text;
begin
  select v.here into place from wardkeep_consent.of_person v
   where v.id = of_event and v.tenant = me.tenant and (v.here = '' or v.here = any (held)) and v.subject = wardkeep_consent.spelled(of_subject)
     and (me.subjects is null or v.subject = any (me.subjects)) and v.of_purpose is not null;
  select v.* into e from wardkeep_consent.event v where v.id = of_event;
  if place is null then
    perform wardkeep_consent.refuse('no such decision of this person in the branches of this context');
  end if;
  return query
    select p.part, (p.v).id, (p.v).subject, wardkeep_consent.as_proof(p.v), n.code, n.version, t.language, t.direction, t.status, t.body
      from (
        select 'decision' as part, e as v
        union all
        select o.part, v from (
          (select 'served' as part, v.id from wardkeep_consent.of_person v where v.tenant = e.tenant and v.here = place and v.subject = e.subject
              and v.kind = 'served' and v.notice = e.notice and v.language = e.language and v.at < e.at order by v.at desc limit 1)
          union all
          select 'representation', v.id from wardkeep_consent.of_person v
           where v.id = e.representation and v.tenant = e.tenant and v.here = place and v.subject = e.subject
        ) o join wardkeep_consent.event v using (id)
      ) p
      left join wardkeep_consent.notice n on n.id = (p.v).notice
      left join wardkeep_consent.notice_text t on t.notice = n.id and t.language = (p.v).language
     order by p.part;
end
$$;
comment on function wardkeep_consent.prove(text, uuid) is
  'One decision with what it rests on: the notice that was served, its words, and who acted for the person. Fails with WK1xx, WK503.';

-- Section 5(2) of the DPDP Act: who consented before the Act is told as soon as can be. A campaign is a name that its events bear.
create function wardkeep_consent.unreached(of_notice uuid, of_campaign text, after_branch text, after_subject text, most integer)
  returns table (branch text, subject text, tried integer)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  me wardkeep.token := wardkeep.verified();
begin
  perform wardkeep_consent.for_staff();
  if not exists (select from wardkeep_consent.notice n where n.id = of_notice and n.tenant = me.tenant) then
    perform wardkeep_consent.refuse('the clinic has no such notice');
  end if;
  return query
    select p.branch, p.subject,
           (select count(*)::integer from wardkeep_consent.event u where u.tenant = me.tenant and u.branch = p.branch and u.subject = p.subject
              and u.kind = 'undelivered' and u.notice = of_notice and u.detail ->> 'campaign' = of_campaign)
      from wardkeep_consent.everybody() p
      left join wardkeep_consent.reach r on r.tenant = me.tenant and r.branch = p.branch and r.subject = p.subject
     where (p.branch, p.subject) > (coalesce(after_branch, ''), coalesce(after_subject, '')) and not coalesce(r.restricted, false)
       and not exists (select from wardkeep_consent.of_person e where e.tenant = me.tenant and e.here = p.branch and e.subject = p.subject
         and e.kind = 'served' and e.notice = of_notice)
     order by p.branch, p.subject limit least(greatest(most, 1), 10000);
end
$$;
comment on function wardkeep_consent.unreached(uuid, text, text, text, integer) is
  'People in the branches of the context to whom a version of a notice was never served, in order of branch and key. Fails with WK1xx, WK503.';

create function wardkeep_consent.deliver(of_notice uuid, of_campaign text, deliveries jsonb) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  d jsonb;
  doc jsonb;
  r wardkeep_consent.reach;
  e wardkeep_consent.event;
  done integer := 0;
begin
  perform wardkeep_consent.for_staff();
  perform wardkeep_consent.required(jsonb_build_object('campaign', of_campaign), '{campaign}');
  -- In one order, so that two runs wait for each other and never both for one another.
  for d in select v.value from jsonb_array_elements(deliveries) v order by v.value ->> 'subject' collate "C" loop
    perform wardkeep_consent.required(d, '{subject,language,channel}');
    doc := d || jsonb_build_object('notice', of_notice);
    r := wardkeep_consent.hold(d ->> 'subject');
    -- Who was told meanwhile, by another run too, is told once.
    continue when exists (select from wardkeep_consent.of_person v where v.tenant = r.tenant and v.here = r.branch and v.subject = r.subject
      and v.kind = 'served' and v.notice = of_notice);
    e := wardkeep_consent.entry(doc, case when d ? 'undelivered' then 'undelivered' else 'served' end);
    if e.kind = 'served' then
      perform wardkeep_consent.required(d, '{evidence}');
    end if;
    perform wardkeep_consent.servable(r, e);
    perform wardkeep_consent.unnamed(e);
    e.detail := jsonb_strip_nulls(jsonb_build_object('campaign', of_campaign, 'undelivered', d ->> 'undelivered'));
    perform wardkeep_consent.append(r, e);
    done := done + 1;
  end loop;
  return done;
end
$$;
comment on function wardkeep_consent.deliver(uuid, text, jsonb) is
  'Records what became of a batch of a campaign: served, or undelivered and why; who has the version already is passed over. Returns how many events. Fails with WK1xx, WK009, WK503.';

create function wardkeep_consent.campaign(of_notice uuid, of_campaign text)
  returns table (channel text, language text, served integer, undelivered integer)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  me wardkeep.token := wardkeep.verified();
  held text[] := wardkeep.branches();
begin
  perform wardkeep_consent.for_staff();
  return query
    select e.channel, e.language, (count(distinct (e.branch, e.subject)) filter (where e.kind = 'served'))::integer,
           (count(distinct (e.branch, e.subject)) filter (where e.kind = 'undelivered'))::integer
      from wardkeep_consent.event e
     where e.tenant = me.tenant and (e.branch = '' or e.branch = any (held)) and e.notice = of_notice
       and e.kind in ('served', 'undelivered') and e.detail ->> 'campaign' = of_campaign
     group by e.channel, e.language order by 1, 2;
end
$$;
comment on function wardkeep_consent.campaign(uuid, text) is 'How many people a campaign reached, and did not, by channel and language. Fails with WK1xx.';

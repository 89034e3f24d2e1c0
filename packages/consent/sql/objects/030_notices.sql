create function wardkeep_consent.missing_items(doc jsonb) returns text[]
  language sql immutable set search_path = pg_catalog, pg_temp
begin atomic
  select array_agg(w.what order by w.n) from (
    select 1 as n, 'items' as what where coalesce(jsonb_typeof(doc -> 'items'), '') <> 'array' or doc -> 'items' = '[]'
    union all
    select i.n + 1, 'items.' || i.n || '.' || k.key
      from jsonb_array_elements(case jsonb_typeof(doc -> 'items') when 'array' then doc -> 'items' else '[]' end) with ordinality i(item, n),
           (values ('purpose'), ('data'), ('enables')) k(key)
     where case k.key
             when 'data' then coalesce(jsonb_typeof(i.item -> 'data'), '') <> 'array' or i.item -> 'data' = '[]'
               or exists (select from jsonb_array_elements(case jsonb_typeof(i.item -> 'data') when 'array' then i.item -> 'data' else '[]' end) d
                           where jsonb_typeof(d.value) <> 'string' or btrim(d.value #>> '{}') = '')
             else coalesce(jsonb_typeof(i.item -> k.key), '') <> 'string' or btrim(i.item ->> k.key) = ''
           end
    union all
    select 1000 + k.n, k.key from (values (1, 'withdraw'), (2, 'rights'), (3, 'complain'), (4, 'contact'), (5, 'code')) k(n, key)
     where coalesce(jsonb_typeof(doc -> k.key), '') <> 'string' or btrim(doc ->> k.key) = ''
    union all
    select 2000, 'texts' where coalesce(jsonb_typeof(doc -> 'texts'), '') <> 'object' or doc -> 'texts' = '{}'
  ) w
 ;
end;
comment on function wardkeep_consent.missing_items(jsonb) is
  'What rule 3 of the DPDP Rules, 2025, and sections 5 and 6(3) of the Act ask of a notice and this one lacks; null where nothing is missing.';

create function wardkeep_consent.publish_notice(doc jsonb) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
  missing text[] := wardkeep_consent.missing_items(doc);
  unknown text[];
  made uuid;
begin
  if me.subjects is not null then
    perform wardkeep_consent.refuse('a context that is confined to subjects publishes no notice');
  end if;
  if missing is not null then
    raise exception 'the notice lacks: %', array_to_string(missing, ', ') using errcode = 'WK502',
      hint = 'Add what the message names and publish again; nothing was published.';
  end if;
  select array_agg(i.value ->> 'purpose') into unknown from jsonb_array_elements(doc -> 'items') i
   where not exists (select from wardkeep.policy_purpose p where p.name = i.value ->> 'purpose' and p.in_force);
  if unknown is not null then
    perform wardkeep_consent.refuse('the policy file has no such purpose: ' || array_to_string(unknown, ', '));
  end if;
  if (select count(*) > count(distinct i.value ->> 'purpose') from jsonb_array_elements(doc -> 'items') i) then
    perform wardkeep_consent.refuse('the notice names a purpose twice');
  end if;
  select array_agg(t.key) into unknown from jsonb_each(doc -> 'texts') t
   where not exists (select from wardkeep_consent.language l where l.code = t.key);
  if unknown is not null then
    perform wardkeep_consent.refuse('a notice is in English or a language of the Eighth Schedule, by its code');
  end if;
  insert into wardkeep_consent.notice (tenant, code, version, items, contact, withdraw, rights, complain, actor, role, session_id)
  select me.tenant, doc ->> 'code', 1 + coalesce((select max(n.version) from wardkeep_consent.notice n where n.tenant = me.tenant and n.code = doc ->> 'code'), 0),
         doc -> 'items', doc ->> 'contact', doc ->> 'withdraw', doc ->> 'rights', doc ->> 'complain', me.actor, me.role, me.session_id
  on conflict do nothing returning id into made;
  if made is null then
    perform wardkeep_consent.refuse('somebody published this notice at the same time; look at that version, then publish again');
  end if;
  begin
    insert into wardkeep_consent.notice_text (notice, language, direction, status, body, sha256)
    select made, t.key, coalesce(t.value ->> 'direction', l.direction), t.value ->> 'status', t.value ->> 'body',
           sha256(convert_to(t.value ->> 'body', 'UTF8'))
      from jsonb_each(doc -> 'texts') t join wardkeep_consent.language l on l.code = t.key;
  exception when check_violation or not_null_violation then
    raise exception 'the notice lacks: a text, or what its translation is worth' using errcode = 'WK502',
      hint = 'Give each language { body, status }: original, machine, human or counsel. Nothing was published.';
  end;
  return made;
end
$$;
comment on function wardkeep_consent.publish_notice(jsonb) is
  'Publishes the next version of a notice in the tenant of the verified context. Fails with WK1xx, WK502, WK503.';

create function wardkeep_consent.notices()
  returns table (id uuid, code text, version integer, items jsonb, contact text, withdraw text, rights text, complain text,
    published_at timestamptz, actor text, language text, language_name text, direction text, status text, body text, sha256 text)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified();
begin
  return query
    select n.id, n.code, n.version, n.items, n.contact, n.withdraw, n.rights, n.complain, n.published_at, n.actor,
           l.code, l.name, coalesce(t.direction, l.direction), coalesce(t.status, 'missing'), t.body, encode(t.sha256, 'hex')
      from wardkeep_consent.notice n cross join wardkeep_consent.language l
      left join wardkeep_consent.notice_text t on t.notice = n.id and t.language = l.code
     where n.tenant = me.tenant order by n.code, n.version, l.code;
end
$$;
comment on function wardkeep_consent.notices() is
  'Every version of the tenant''s notices in every language, missing ones too. Fails with WK1xx.';

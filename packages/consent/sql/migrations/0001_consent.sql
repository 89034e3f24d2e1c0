-- English and the twenty-two languages of the Eighth Schedule to the Constitution: slots, not translations.
create table wardkeep_consent.language (
  code text primary key,
  name text not null,
  direction text not null check (direction in ('ltr', 'rtl'))
);
comment on table wardkeep_consent.language is 'The languages a notice can be offered in, and how each is usually written.';
insert into wardkeep_consent.language (code, name, direction) values
  ('as', 'Assamese', 'ltr'), ('bn', 'Bengali', 'ltr'), ('brx', 'Bodo', 'ltr'), ('doi', 'Dogri', 'ltr'), ('en', 'English', 'ltr'),
  ('gu', 'Gujarati', 'ltr'), ('hi', 'Hindi', 'ltr'), ('kn', 'Kannada', 'ltr'), ('kok', 'Konkani', 'ltr'), ('ks', 'Kashmiri', 'rtl'),
  ('mai', 'Maithili', 'ltr'), ('ml', 'Malayalam', 'ltr'), ('mni', 'Manipuri', 'ltr'), ('mr', 'Marathi', 'ltr'), ('ne', 'Nepali', 'ltr'),
  ('or', 'Odia', 'ltr'), ('pa', 'Punjabi', 'ltr'), ('sa', 'Sanskrit', 'ltr'), ('sat', 'Santali', 'ltr'), ('sd', 'Sindhi', 'rtl'),
  ('ta', 'Tamil', 'ltr'), ('te', 'Telugu', 'ltr'), ('ur', 'Urdu', 'rtl');

create table wardkeep_consent.notice (
  id uuid primary key default gen_random_uuid(),
  tenant text not null check (tenant <> ''),
  code text not null check (code <> ''),
  version integer not null check (version > 0),
  -- [{"purpose", "data": [...], "enables"}]: which data for which purpose, and what that makes possible.
  items jsonb not null,
  contact text not null,
  withdraw text not null,
  rights text not null,
  complain text not null,
  published_at timestamptz not null default clock_timestamp(),
  actor text not null,
  role text not null,
  session_id uuid not null,
  unique (tenant, code, version)
);
comment on table wardkeep_consent.notice is 'Versions of what people are told. A version is never changed; a correction is the next one.';

create table wardkeep_consent.notice_text (
  notice uuid not null references wardkeep_consent.notice,
  language text not null references wardkeep_consent.language,
  direction text not null check (direction in ('ltr', 'rtl')),
  status text not null check (status in ('original', 'machine', 'human', 'counsel')),
  body text not null check (btrim(body) <> ''),
  sha256 bytea not null check (sha256 = sha256(convert_to(body, 'UTF8'))),
  primary key (notice, language)
);
comment on table wardkeep_consent.notice_text is 'The words of one version in one language, with who stands for the translation and the SHA-256 of the UTF-8 text.';

create function wardkeep_consent.keep() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '% is a record: rows are added, never changed or removed', tg_table_name using errcode = '42501';
end
$$;
comment on function wardkeep_consent.keep() is 'Trigger: what was recorded stays.';

create trigger notice_kept before update or delete on wardkeep_consent.notice for each row execute function wardkeep_consent.keep();
create trigger notice_emptied before truncate on wardkeep_consent.notice for each statement execute function wardkeep_consent.keep();
create trigger text_kept before update or delete on wardkeep_consent.notice_text for each row execute function wardkeep_consent.keep();
create trigger text_emptied before truncate on wardkeep_consent.notice_text for each statement execute function wardkeep_consent.keep();

alter table wardkeep_consent.language enable row level security;
alter table wardkeep_consent.notice enable row level security;
alter table wardkeep_consent.notice_text enable row level security;

create function wardkeep_consent.refuse(what text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '%', what using errcode = 'WK503', hint = 'Nothing was recorded, and what was recorded before stays.';
end
$$;
comment on function wardkeep_consent.refuse(text) is 'Internal: raises WK503; never returns.';
-- Who is meant is said by tenant, branch and key together: the key of a table with a branch may repeat in the next one.
-- The branch is empty where the table of people belongs to the tenant as a whole.
create table wardkeep_consent.event (
  id uuid primary key default gen_random_uuid(),
  -- Later than every other event about this person, so that no two are at one instant.
  at timestamptz not null,
  tenant text not null check (tenant <> ''),
  branch text not null,
  subject text not null check (subject <> ''),
  kind text not null check (kind in ('served', 'requested', 'granted', 'refused', 'withdrawn', 'renewed', 'expired', 'objected',
    'objection_lifted', 'represented', 'representation_ended', 'emergency', 'undelivered', 'moved_away', 'moved_here')),
  of_purpose text,
  notice uuid references wardkeep_consent.notice,
  language text references wardkeep_consent.language,
  given_by text check (given_by in ('subject', 'parent', 'child_guardian', 'guardian', 'nominee')),
  representation uuid references wardkeep_consent.event,
  channel text,
  method text,
  evidence text,
  evidence_sha256 bytea check (octet_length(evidence_sha256) = 32),
  valid_until timestamptz,
  detail jsonb not null default '{}',
  actor text not null check (actor <> ''),
  role text not null,
  purpose text not null,
  session_id uuid not null,
  request text,
  unique (tenant, branch, subject, at),
  check ((of_purpose is null) = (kind in ('served', 'undelivered', 'represented', 'representation_ended', 'emergency', 'moved_away', 'moved_here'))),
  check ((kind in ('served', 'undelivered', 'requested', 'granted', 'renewed')) = (notice is not null and language is not null)),
  check (kind not in ('granted', 'renewed') or (given_by is not null and btrim(evidence) <> ''))
);
comment on table wardkeep_consent.event is 'The consent ledger: one row for one act about one purpose. Written by functions only; nobody is granted anything on it.';

create trigger event_kept before update or delete on wardkeep_consent.event for each row execute function wardkeep_consent.keep();
create trigger event_emptied before truncate on wardkeep_consent.event for each statement execute function wardkeep_consent.keep();

create table wardkeep_consent.standing (
  tenant text not null,
  branch text not null,
  subject text not null,
  of_purpose text not null,
  consent text not null check (consent in ('none', 'requested', 'granted', 'refused', 'withdrawn', 'expired')),
  consent_at timestamptz,
  given_by text,
  valid_until timestamptz,
  objected boolean not null default false,
  primary key (tenant, branch, subject, of_purpose)
);
comment on table wardkeep_consent.standing is 'Where each person stands, as the last event left it. What time alone ended is not in it.';

create table wardkeep_consent.reach (
  tenant text not null,
  branch text not null,
  subject text not null,
  born date,
  last_at timestamptz not null default '-infinity',
  bits bigint not null,
  until timestamptz not null default 'infinity',
  -- What is older is about somebody else, who had this key before.
  since timestamptz not null default '-infinity',
  -- An erasure was decided: no role is shown a row about the person until the last period that keeps it has ended.
  restricted boolean not null default false,
  primary key (tenant, branch, subject)
);
comment on table wardkeep_consent.reach is 'The purposes that may reach a person, as bits, and until when; copied to every row about the person.';
create index reach_restricted on wardkeep_consent.reach (tenant, branch, subject) where restricted;
create index standing_given on wardkeep_consent.standing (tenant, branch, subject) where consent = 'granted';

alter table wardkeep_consent.event enable row level security;
alter table wardkeep_consent.standing enable row level security;
alter table wardkeep_consent.reach enable row level security;

-- India has one offset and no summer time. The day is that of birth, eighteen years later, from its first moment; who was
-- born on 29 February reaches it on the 28th where there is no 29th, as in the law engine.
create function wardkeep_consent.majority(born date) returns timestamptz
  language sql immutable set search_path = pg_catalog, pg_temp
  return ((born + interval '18 years') - interval '5 hours 30 minutes') at time zone 'UTC';
comment on function wardkeep_consent.majority(date) is 'When somebody born on this day is no child any more, in India; null where the day is not known.';

create function wardkeep_consent.hold(of_subject text) returns wardkeep_consent.reach
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
  r wardkeep_consent.reach;
  key text := wardkeep_consent.spelled(of_subject);
  found_people integer := 0;
begin
  perform wardkeep.require_read_committed();
  if key is not null then
    select count(*), min(p.tenant), min(p.branch), min(p.born) into found_people, r.tenant, r.branch, r.born
      from wardkeep_consent.person(key) p;
  end if;
  if found_people = 0 or (me.subjects is not null and key <> all (me.subjects)) then
    perform wardkeep_consent.refuse('no such person in the branches of this context');
  end if;
  if found_people > 1 then
    raise exception 'the key stands for a person in each of several branches' using errcode = 'WK106',
      hint = 'Narrow the context to one branch.';
  end if;
  insert into wardkeep_consent.reach (tenant, branch, subject, born, bits)
  values (r.tenant, r.branch, key, r.born, wardkeep_consent.unasked()) on conflict do nothing;
  -- What inserts rows about the person holds this key: see row_bits().
  perform from wardkeep_consent.reach h where h.tenant = r.tenant and h.branch = r.branch and h.subject = key for update;
  -- Behind the wait: access may have ended meanwhile, and the person may be gone or have another key.
  perform wardkeep.verified_now();
  update wardkeep_consent.reach h set born = p.born from wardkeep_consent.person(key) p
   where p.tenant = r.tenant and p.branch = r.branch and h.tenant = r.tenant and h.branch = r.branch and h.subject = key
  returning h.* into r;
  if not found then
    perform wardkeep_consent.refuse('no such person in the branches of this context');
  end if;
  return r;
end
$$;
comment on function wardkeep_consent.hold(text) is
  'Internal: one person of the verified context, kept from everybody else until the end of the transaction. Fails with WK1xx, WK009, WK503.';

create function wardkeep_consent.append(r wardkeep_consent.reach, e wardkeep_consent.event) returns wardkeep_consent.event
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified();
begin
  update wardkeep_consent.reach h set last_at = greatest(clock_timestamp(), h.last_at + interval '1 microsecond', h.since + interval '1 microsecond')
   where h.tenant = r.tenant and h.branch = r.branch and h.subject = r.subject returning h.last_at into e.at;
  insert into wardkeep_consent.event (at, tenant, branch, subject, kind, of_purpose, notice, language, given_by, representation, channel,
    method, evidence, evidence_sha256, valid_until, detail, actor, role, purpose, session_id, request)
  values (e.at, r.tenant, r.branch, r.subject, e.kind, e.of_purpose, e.notice, e.language, e.given_by, e.representation, e.channel,
    e.method, e.evidence, e.evidence_sha256, e.valid_until, coalesce(e.detail, '{}'), me.actor, me.role, me.purpose, me.session_id,
    nullif(current_setting('wardkeep.request', true), ''))
  returning * into e;
  return e;
end
$$;
comment on function wardkeep_consent.append(wardkeep_consent.reach, wardkeep_consent.event) is
  'Internal: adds one event about a person that is held; who and when come from the verified context and the server.';
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
create function wardkeep_consent.required(doc jsonb, keys text[]) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  missing text := (select string_agg(k, ', ' order by n) from unnest(keys) with ordinality u(k, n)
                    where coalesce(jsonb_typeof(doc -> k), '') <> 'string' or btrim(doc ->> k) = '');
begin
  if missing is not null then
    perform wardkeep_consent.refuse('the entry lacks: ' || missing);
  end if;
end
$$;
comment on function wardkeep_consent.required(jsonb, text[]) is 'Internal: these texts are there and not empty, or WK503.';

create function wardkeep_consent.entry(doc jsonb, kind text) returns wardkeep_consent.event
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  e wardkeep_consent.event;
begin
  e.kind := entry.kind;
  e.notice := (doc ->> 'notice')::uuid;
  e.language := doc ->> 'language';
  e.given_by := doc ->> 'by';
  e.representation := (doc ->> 'representation')::uuid;
  e.channel := doc ->> 'channel';
  e.method := doc ->> 'method';
  e.evidence := doc ->> 'evidence';
  e.evidence_sha256 := decode(doc ->> 'evidenceSha256', 'hex');
  if e.evidence_sha256 is not null and octet_length(e.evidence_sha256) <> 32 then
    perform wardkeep_consent.refuse('evidenceSha256 is the SHA-256 of a file, in hexadecimal');
  end if;
  return e;
exception when data_exception then
  perform wardkeep_consent.refuse('notice and representation are ids, evidenceSha256 is hexadecimal');
end
$$;
comment on function wardkeep_consent.entry(jsonb, text) is 'Internal: what a caller says of an act, as an event that is not written yet. Fails with WK503.';

-- The reference alone would tell whether an event of somebody else exists.
create function wardkeep_consent.unnamed(e wardkeep_consent.event) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if e.representation is not null then
    perform wardkeep_consent.refuse('only what somebody else decides for a person names a representation');
  end if;
end
$$;
comment on function wardkeep_consent.unnamed(wardkeep_consent.event) is 'Internal: an act that rests on no representation names none, or WK503.';

-- In a confined context the person may be the one who asks, and nobody verifies who acts for oneself.
create function wardkeep_consent.for_staff() returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if (wardkeep.verified()).subjects is not null then
    perform wardkeep_consent.refuse('a context that is confined to subjects does not record this; staff does');
  end if;
end
$$;
comment on function wardkeep_consent.for_staff() is 'Internal: the context is not confined to subjects, or WK503.';
-- A person who moves to another branch takes the ledger along, and no event is rewritten: what was said in the branch of then
-- stays under it, and a row here says that it is about the person of the new branch.
create table wardkeep_consent.carried (
  tenant text not null,
  branch text not null,
  subject text not null,
  -- The event of the new branch that says so has the same instant: what the key's next owner gets is not carried.
  at timestamptz not null,
  was_branch text not null,
  -- The events of the branch of then that are about this person, both ends included.
  after timestamptz not null,
  upto timestamptz not null,
  xid xid8 not null default pg_current_xact_id(),
  primary key (tenant, branch, subject, at, was_branch, upto)
);
comment on table wardkeep_consent.carried is
  'Which events of another branch are about a person who was moved: from there, and from wherever the person was before. Rows are added, never changed.';
alter table wardkeep_consent.carried enable row level security;

-- `here`: the branch where the person is, or was last; `branch` stays the one in which it was said.
create view wardkeep_consent.of_person as
  select r.branch as here, e.*
    from wardkeep_consent.reach r
    join wardkeep_consent.event e on e.tenant = r.tenant and e.branch = r.branch and e.subject = r.subject and e.at >= r.since
  union all
  select r.branch, e.*
    from wardkeep_consent.reach r
    join wardkeep_consent.carried c on c.tenant = r.tenant and c.branch = r.branch and c.subject = r.subject and c.at >= r.since
    join wardkeep_consent.event e on e.tenant = c.tenant and e.branch = c.was_branch and e.subject = c.subject and e.at between c.after and c.upto;
comment on view wardkeep_consent.of_person is
  'Events of the ledger by the branch where the person is now, those of earlier branches included; not those of whoever had the key before.';
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
-- Time ends consent without an event: its own end, and the eighteenth birthday for what a parent gave.
create function wardkeep_consent.ended(r wardkeep_consent.reach, s wardkeep_consent.standing) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
  return coalesce(s.valid_until <= clock_timestamp(), false)
    or (s.given_by in ('parent', 'child_guardian') and coalesce(wardkeep_consent.majority(r.born) <= clock_timestamp(), false))
    -- The day of birth was corrected: who said yes was a child then.
    or (s.given_by in ('subject', 'guardian', 'nominee') and coalesce(wardkeep_consent.majority(r.born) > s.consent_at, true));
comment on function wardkeep_consent.ended(wardkeep_consent.reach, wardkeep_consent.standing) is
  'Internal: whether a consent that was given does not hold any more, or never did.';

-- Bit 0: purposes that wait for nothing. Bits 1 to 31: nobody objected. Bits 32 to 62: somebody said yes, until `until`.
create function wardkeep_consent.unasked() returns bigint
  language sql stable set search_path = pg_catalog, pg_temp
  return 1 + coalesce((select bit_or(1::bigint << p.bit) from wardkeep.policy_purpose p where p.in_force and p.wall = 'objection'), 0);
comment on function wardkeep_consent.unasked() is 'Internal: the bits of a person who was never asked anything.';

create function wardkeep_consent.compute(of_tenant text, of_branch text, of_subject text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  r wardkeep_consent.reach;
  ends timestamptz;
  yes bigint;
  stopped bigint;
begin
  -- An older snapshot would miss rows about the person that were inserted since.
  perform wardkeep.require_read_committed();
  select h.* into r from wardkeep_consent.reach h
   where h.tenant = of_tenant and h.branch = of_branch and h.subject = of_subject for update;
  if not found then
    return;
  end if;
  select coalesce(bit_or(1::bigint << p.bit), 0),
         coalesce(min(least(s.valid_until, case when s.given_by in ('parent', 'child_guardian') then wardkeep_consent.majority(r.born) end)), 'infinity')
    into yes, ends
    from wardkeep_consent.standing s join wardkeep.policy_purpose p on p.name = s.of_purpose and p.in_force and p.wall = 'consent'
   where s.tenant = of_tenant and s.branch = of_branch and s.subject = of_subject and s.consent = 'granted' and not wardkeep_consent.ended(r, s)
     and (p.children = 'parent' or coalesce(wardkeep_consent.majority(r.born) <= clock_timestamp(), false));
  select coalesce(bit_or(1::bigint << p.bit), 0) into stopped
    from wardkeep_consent.standing s join wardkeep.policy_purpose p on p.name = s.of_purpose and p.in_force and p.wall = 'objection'
   where s.tenant = of_tenant and s.branch = of_branch and s.subject = of_subject and s.objected;
  update wardkeep_consent.reach h set bits = case when h.restricted then 0 else (wardkeep_consent.unasked() & ~stopped) | yes end, until = ends
   where h.tenant = of_tenant and h.branch = of_branch and h.subject = of_subject;
end
$$;
comment on function wardkeep_consent.compute(text, text, text) is 'Internal: computes the bits of one person anew.';

create function wardkeep_consent.refresh(of_tenant text, of_branch text, of_subject text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform wardkeep_consent.compute(of_tenant, of_branch, of_subject);
  perform wardkeep_consent.spread(of_tenant, of_branch, of_subject);
end
$$;
comment on function wardkeep_consent.refresh(text, text, text) is
  'Internal: computes the bits of one person anew and copies them to every row about the person.';

-- Holds what is inserted about a person and what the person decides apart: without the lock, a row that is inserted while a
-- withdrawal commits would keep the bits from before.
create function wardkeep_consent.row_bits() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  row_now jsonb := to_jsonb(new);
  of_tenant text := row_now ->> tg_argv[0];
  of_branch text := case when tg_argv[1] = '' then '' else row_now ->> tg_argv[1] end;
  of_subject text := row_now ->> tg_argv[2];
begin
  if of_tenant is null or of_branch is null or of_subject is null then
    -- About nobody: purposes that wait for a person do not reach it.
    new.wk_consent := 1;
    new.wk_consent_until := 'infinity';
    return new;
  end if;
  loop
    select h.bits, h.until into new.wk_consent, new.wk_consent_until from wardkeep_consent.reach h
     where h.tenant = of_tenant and h.branch = of_branch and h.subject = of_subject for key share;
    exit when found;
    insert into wardkeep_consent.reach (tenant, branch, subject, bits)
    values (of_tenant, of_branch, of_subject, wardkeep_consent.unasked()) on conflict do nothing;
  end loop;
  return new;
end
$$;
comment on function wardkeep_consent.row_bits() is
  'Trigger: a row has the bits of the person it is about, whatever was written. Arguments: tenant, branch or nothing, subject column.';

create function wardkeep_consent.born_changed() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  row_now jsonb := to_jsonb(new);
  of_branch text := case when tg_argv[1] = '' then '' else row_now ->> tg_argv[1] end;
begin
  update wardkeep_consent.reach h set born = (row_now ->> tg_argv[3])::date
   where h.tenant = row_now ->> tg_argv[0] and h.branch = of_branch and h.subject = row_now ->> tg_argv[2];
  perform wardkeep_consent.refresh(row_now ->> tg_argv[0], of_branch, row_now ->> tg_argv[2]);
  return null;
end
$$;
comment on function wardkeep_consent.born_changed() is 'Trigger: a corrected day of birth changes who may decide. Arguments as row_bits(), and the column.';

create function wardkeep_consent.end_due() returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
  held text[] := wardkeep.branches();
  r wardkeep_consent.reach;
  s wardkeep_consent.standing;
  e wardkeep_consent.event;
  ended integer := 0;
begin
  perform wardkeep.require_read_committed();
  if me.subjects is not null then
    perform wardkeep_consent.refuse('a context that is confined to subjects ends nobody else''s consent');
  end if;
  for r in select h.* from wardkeep_consent.reach h
            where h.tenant = me.tenant and (h.branch = '' or h.branch = any (held))
              and exists (select from wardkeep_consent.standing g where g.tenant = h.tenant and g.branch = h.branch and g.subject = h.subject
                and g.consent = 'granted' and wardkeep_consent.ended(h, g))
            order by h.branch, h.subject for update loop
    for s in select h.* from wardkeep_consent.standing h where h.tenant = r.tenant and h.branch = r.branch and h.subject = r.subject
                and h.consent = 'granted' and wardkeep_consent.ended(r, h) order by h.of_purpose loop
      e := wardkeep_consent.entry('{"channel": "job", "method": "time"}', 'expired');
      e.of_purpose := s.of_purpose;
      perform wardkeep_consent.settle(r, wardkeep_consent.append(r, e));
      ended := ended + 1;
    end loop;
    perform wardkeep_consent.refresh(r.tenant, r.branch, r.subject);
  end loop;
  return ended;
end
$$;
comment on function wardkeep_consent.end_due() is
  'Records what time has ended in the branches of the context: consent past its end, a parent''s after the eighteenth birthday. Until then the database shows less, never more. Returns how many. Fails with WK1xx, WK009, WK503.';
-- Rows that belong to a row about a person carry no bits; their policy asks here, once per statement. Hashes: whoever calls it
-- in SQL is not told the keys of what it may not see.
create function wardkeep_consent.restricted_parents(of_table text) returns setof bytea
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified();
begin
  if exists (select from wardkeep_consent.reach h where h.restricted and h.tenant = me.tenant) then
    return query select sha256(convert_to(k.tenant || ' ' || k.branch || ' ' || k.key, 'UTF8')) from wardkeep_consent.restricted_rows(of_table) k;
  end if;
end
$$;
comment on function wardkeep_consent.restricted_parents(text) is
  'For the policy wk_restricted: what the rows of a table belong to where an erasure of the person was decided, in the context. Fails with WK1xx.';
-- What is in the ledger stays under the key of then. So a key does not change under a person of whom it holds anything, unless
-- carry() says of which key the older events are, and
-- what it holds of somebody who is gone is not about whoever gets the key next.
-- Only move_patient() and merge_branches() carry, and they move the person afterwards or fail.
create function wardkeep_consent.carried_now(from_branch text, key text[]) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
  return exists (select from wardkeep_consent.carried c where c.tenant = key[1] and c.branch = key[2] and c.subject = key[3]
    and (from_branch is null or c.was_branch = from_branch) and c.xid = pg_current_xact_id_if_assigned() and c.at >= transaction_timestamp());
comment on function wardkeep_consent.carried_now(text, text[]) is
  'Internal: whether this transaction carried the ledger of a person to this tenant, branch and key.';

-- Whose log and own records are still to be erased is known by the key only: whoever got it meanwhile would be erased as well.
create function wardkeep_consent.require_free(of_tenant text, of_subject text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from wardkeep_consent.unverified u where u.tenant = of_tenant and u.subject = of_subject) then
    raise exception 'the destruction of the person who had this key is not certified yet' using errcode = 'WK503',
      hint = 'Give the person another key, or run the destruction again until it is certified (`wardkeep rights destroy`).';
  end if;
end
$$;
comment on function wardkeep_consent.require_free(text, text) is
  'Internal: nobody gets the key of a destroyed person before the certificate, in any branch. Fails with WK503.';

create function wardkeep_consent.key_kept() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  before jsonb := to_jsonb(old);
  after jsonb := to_jsonb(new);
  old_key text[] := array[before ->> tg_argv[0], case when tg_argv[1] = '' then '' else before ->> tg_argv[1] end, before ->> tg_argv[2]];
  new_key text[] := array[after ->> tg_argv[0], case when tg_argv[1] = '' then '' else after ->> tg_argv[1] end, after ->> tg_argv[2]];
  keys text[];
begin
  if old_key = new_key then
    return new;
  end if;
  perform wardkeep.require_read_committed();
  if new_key[1] = old_key[1] and new_key[3] = old_key[3] and wardkeep_consent.carried_now(old_key[2], new_key) then
    return new;
  end if;
  if new_key[1] is distinct from old_key[1] or new_key[3] is distinct from old_key[3] then
    perform wardkeep_consent.require_free(new_key[1], new_key[3]);
  end if;
  foreach keys slice 1 in array array[least(old_key, new_key), greatest(old_key, new_key)] loop
    continue when array_position(keys, null) is not null;
    -- Whoever decides about the person meanwhile holds this row, or waits for it: see hold().
    insert into wardkeep_consent.reach (tenant, branch, subject, bits)
    values (keys[1], keys[2], keys[3], wardkeep_consent.unasked()) on conflict do nothing;
    perform from wardkeep_consent.reach h where h.tenant = keys[1] and h.branch = keys[2] and h.subject = keys[3] for update;
    if exists (select from wardkeep_consent.event e where e.tenant = keys[1] and e.branch = keys[2] and e.subject = keys[3])
       or exists (select from wardkeep_consent.rights_event e where e.tenant = keys[1] and e.branch = keys[2] and e.subject = keys[3]) then
      raise exception 'the consent ledger holds what a person decided under this key' using errcode = 'WK503',
        hint = 'Keep tenant, branch and key of the person. wardkeep.move_patient() takes the ledger along; repeat it where the person decided meanwhile.';
    end if;
  end loop;
  return new;
end
$$;
comment on function wardkeep_consent.key_kept() is
  'Trigger: a person of whom the ledger holds anything keeps tenant, branch and key, but for a move that carries the ledger. Arguments as row_bits(). Fails with WK009, WK503.';

-- Objections stay: who deletes a row and inserts it again means the same person, and then an objection must not be lost.
create function wardkeep_consent.cut(h wardkeep_consent.reach) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update wardkeep_consent.standing s set consent = 'none', consent_at = null, given_by = null, valid_until = null
   where s.tenant = h.tenant and s.branch = h.branch and s.subject = h.subject;
  update wardkeep_consent.reach r set since = greatest(clock_timestamp(), r.last_at + interval '1 microsecond'), born = null, restricted = false
   where r.tenant = h.tenant and r.branch = h.branch and r.subject = h.subject;
  perform wardkeep_consent.compute(h.tenant, h.branch, h.subject);
end
$$;
comment on function wardkeep_consent.cut(wardkeep_consent.reach) is
  'Internal: whoever has this key from now on is told and asked anew; nothing that was given or decided about an erasure under it before holds.';

create function wardkeep_consent.given_again() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  row_now jsonb := to_jsonb(new);
  of_branch text := case when tg_argv[1] = '' then '' else row_now ->> tg_argv[1] end;
  h wardkeep_consent.reach;
begin
  if not wardkeep_consent.carried_now(null, array[row_now ->> tg_argv[0], of_branch, row_now ->> tg_argv[2]]) then
    perform wardkeep_consent.require_free(row_now ->> tg_argv[0], row_now ->> tg_argv[2]);
  end if;
  select r.* into h from wardkeep_consent.reach r
   where r.tenant = row_now ->> tg_argv[0] and r.branch = of_branch and r.subject = row_now ->> tg_argv[2] and r.last_at > r.since for update;
  -- A move to another partition is an insert there.
  if found and not wardkeep_consent.carried_now(null, array[h.tenant, h.branch, h.subject]) then
    perform wardkeep_consent.cut(h);
    perform wardkeep_consent.spread(h.tenant, h.branch, h.subject);
  end if;
  return null;
end
$$;
comment on function wardkeep_consent.given_again() is
  'Trigger: a person who is inserted under the key of a deleted one inherits nothing but objections. Arguments as row_bits(). Fails with WK009, WK503.';

create function wardkeep_consent.tenant_gone(gone text, successor text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  h wardkeep_consent.reach;
begin
  if successor is not null then
    if exists (select from wardkeep_consent.event e where e.tenant = gone)
       or exists (select from wardkeep_consent.rights_event e where e.tenant = gone) then
      raise exception 'the consent ledger holds what people decided under this key of the clinic' using errcode = 'WK503',
        hint = 'Keep the key of a clinic that has recorded decisions.';
    end if;
    return;
  end if;
  for h in select r.* from wardkeep_consent.reach r where r.tenant = gone and r.last_at > r.since order by r.branch, r.subject for update loop
    perform wardkeep_consent.cut(h);
  end loop;
end
$$;
comment on function wardkeep_consent.tenant_gone(text, text) is
  'Internal: nothing that was given in a deleted tenant holds under its key. Called by forget_tenant(). Fails with WK009, WK503.';
-- The move of a person: called by wardkeep.carry_ledger() before the rows change, so that every one of them finds the bits of
-- the person in the new branch.
create function wardkeep_consent.carry(of_tenant text, from_branch text, to_branch text, of_subject text, reason text) returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  key text := wardkeep_consent.spelled(of_subject);
  place text;
  was wardkeep_consent.reach;
  now_here wardkeep_consent.reach;
  gone wardkeep_consent.event := wardkeep_consent.entry('{}', 'moved_away');
  come wardkeep_consent.event := wardkeep_consent.entry('{}', 'moved_here');
begin
  perform wardkeep.require_read_committed();
  if key is null then
    return false;
  end if;
  -- Both, in the order of key_kept(): who decides about the person waits here, or is waited for.
  foreach place in array array[least(from_branch, to_branch), greatest(from_branch, to_branch)] loop
    insert into wardkeep_consent.reach (tenant, branch, subject, bits)
    values (of_tenant, place, key, wardkeep_consent.unasked()) on conflict do nothing;
    perform from wardkeep_consent.reach h where h.tenant = of_tenant and h.branch = place and h.subject = key for update;
  end loop;
  select h.* into was from wardkeep_consent.reach h where h.tenant = of_tenant and h.branch = from_branch and h.subject = key;
  select h.* into now_here from wardkeep_consent.reach h where h.tenant = of_tenant and h.branch = to_branch and h.subject = key;
  -- Of somebody who was never asked nothing is carried; key_kept() looks at the new key then.
  if was.last_at <= was.since and not exists (select from wardkeep_consent.standing s
       where s.tenant = of_tenant and s.branch = from_branch and s.subject = key) then
    return false;
  end if;
  if now_here.last_at > now_here.since then
    raise exception 'the consent ledger holds what somebody else decided under this key in the other branch' using errcode = 'WK232',
      hint = 'Give the person another key in one of the two branches first.';
  end if;
  gone.detail := jsonb_build_object('to', to_branch, 'reason', reason);
  gone := wardkeep_consent.append(was, gone);
  -- Later than everything before, also where the clock went back.
  update wardkeep_consent.reach h set born = was.born, restricted = was.restricted,
         last_at = greatest(h.last_at, gone.at), since = case when h.last_at > '-infinity' then greatest(h.since, gone.at) else h.since end
   where h.tenant = of_tenant and h.branch = to_branch and h.subject = key;
  come.detail := jsonb_build_object('from', from_branch, 'reason', reason);
  come := wardkeep_consent.append(now_here, come);
  insert into wardkeep_consent.carried (tenant, branch, subject, at, was_branch, after, upto)
  select of_tenant, to_branch, key, come.at, c.was_branch, c.after, c.upto from wardkeep_consent.carried c
   where c.tenant = of_tenant and c.branch = from_branch and c.subject = key and c.at >= was.since
  union all
  select of_tenant, to_branch, key, come.at, from_branch, was.since, gone.at;
  -- An objection that stays under the key of somebody who is gone stays an objection.
  insert into wardkeep_consent.standing as h (tenant, branch, subject, of_purpose, consent, consent_at, given_by, valid_until, objected)
  select s.tenant, to_branch, s.subject, s.of_purpose, s.consent, s.consent_at, s.given_by, s.valid_until, s.objected
    from wardkeep_consent.standing s where s.tenant = of_tenant and s.branch = from_branch and s.subject = key
  on conflict (tenant, branch, subject, of_purpose) do update
    set consent = excluded.consent, consent_at = excluded.consent_at, given_by = excluded.given_by, valid_until = excluded.valid_until,
        objected = h.objected or excluded.objected;
  delete from wardkeep_consent.standing s where s.tenant = of_tenant and s.branch = from_branch and s.subject = key;
  select h.* into was from wardkeep_consent.reach h where h.tenant = of_tenant and h.branch = from_branch and h.subject = key;
  perform wardkeep_consent.cut(was);
  perform wardkeep_consent.compute(of_tenant, to_branch, key);
  return true;
end
$$;
comment on function wardkeep_consent.carry(text, text, text, text, text) is
  'Internal: what the ledger holds about a person who is moved holds in the new branch, and nothing of it in the old one. Fails with WK009, WK232.';

create function wardkeep_consent.carry_all(of_tenant text, from_branch text, to_branch text, reason text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  key text;
begin
  for key in select h.subject from wardkeep_consent.reach h join wardkeep_consent.everybody() p on p.branch = h.branch and p.subject = h.subject
              where h.tenant = of_tenant and h.branch = from_branch order by h.subject collate "C" loop
    perform wardkeep_consent.carry(of_tenant, from_branch, to_branch, key, reason);
  end loop;
end
$$;
comment on function wardkeep_consent.carry_all(text, text, text, text) is
  'Internal: carry() for everybody who is in a branch that is merged into another one. Fails with WK009, WK232.';

create function wardkeep_consent.destroy_ledger(h wardkeep_consent.reach) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  -- Nobody else can have had a UUID: see unmistakable(). Of another key, what is older is about who had it before.
  own_since timestamptz := case when wardkeep_consent.unmistakable(h.subject) then '-infinity' else h.since end;
  r wardkeep_consent.reach;
begin
  -- In one statement: a representation is named by later events, of a later branch too.
  delete from wardkeep_consent.event v
   where v.tenant = h.tenant and v.subject = h.subject
     and (v.branch = h.branch and v.at >= own_since or exists (select from wardkeep_consent.carried c where c.tenant = v.tenant and c.branch = h.branch
       and c.subject = v.subject and c.at >= own_since and c.was_branch = v.branch and v.at between c.after and c.upto));
  delete from wardkeep_consent.rights_event v
   where v.tenant = h.tenant and v.subject = h.subject
     and (v.branch = h.branch and v.at >= own_since or exists (select from wardkeep_consent.carried c where c.tenant = v.tenant and c.branch = h.branch
       and c.subject = v.subject and c.at >= own_since and c.was_branch = v.branch and v.at between c.after and c.upto));
  delete from wardkeep_consent.standing s where s.tenant = h.tenant and s.branch = h.branch and s.subject = h.subject;
  for r in select o.* from wardkeep_consent.reach o where o.tenant = h.tenant and o.subject = h.subject
              and (o.branch = h.branch or o.branch in (select c.was_branch from wardkeep_consent.carried c
                where c.tenant = h.tenant and c.branch = h.branch and c.subject = h.subject and c.at >= own_since)) loop
    if r.branch <> h.branch and exists (select from wardkeep_consent.everybody() p where p.branch = r.branch and p.subject = r.subject) then
      continue;
    end if;
    if not exists (select from wardkeep_consent.event v where v.tenant = r.tenant and v.branch = r.branch and v.subject = r.subject)
       and not exists (select from wardkeep_consent.rights_event v where v.tenant = r.tenant and v.branch = r.branch and v.subject = r.subject) then
      delete from wardkeep_consent.reach o where o.tenant = r.tenant and o.branch = r.branch and o.subject = r.subject;
    elsif r.branch = h.branch then
      -- Whoever gets the key next inherits nothing of what stays.
      perform wardkeep_consent.cut(r);
    end if;
  end loop;
  -- Where the person only passed through, the same events are carried too.
  delete from wardkeep_consent.carried p using wardkeep_consent.carried d
   where d.tenant = h.tenant and d.branch = h.branch and d.subject = h.subject and d.at >= own_since
     and p.tenant = d.tenant and p.subject = d.subject and p.was_branch = d.was_branch and p.upto = d.upto and p.branch <> h.branch;
  delete from wardkeep_consent.carried p where p.tenant = h.tenant and p.branch = h.branch and p.subject = h.subject and p.at >= own_since;
end
$$;
comment on function wardkeep_consent.destroy_ledger(wardkeep_consent.reach) is
  'Internal: what a destroyed person said and asked, in earlier branches too; what whoever else had the key said stays. The destruction is recorded before: see keep_unless_destroyed().';
create function wardkeep_consent.history(of_subject text)
  returns table (id uuid, at timestamptz, kind text, purpose text, notice uuid, language text, by text, representation uuid, channel text,
    method text, evidence text, evidence_sha256 text, valid_until timestamptz, detail jsonb, actor text, role text, acting_for text, born date)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  me wardkeep.token := wardkeep.verified();
  held text[] := wardkeep.branches();
  key text := wardkeep_consent.spelled(of_subject);
begin
  if me.subjects is not null and coalesce(key <> all (me.subjects), true) then
    perform wardkeep_consent.refuse('no such person in the branches of this context');
  end if;
  if (select count(*) from wardkeep_consent.person(key)) > 1 then
    raise exception 'the key stands for a person in each of several branches' using errcode = 'WK106',
      hint = 'Narrow the context to one branch.';
  end if;
  return query
    select e.id, e.at, e.kind, e.of_purpose, e.notice, e.language, e.given_by, e.representation, e.channel, e.method, e.evidence,
           encode(e.evidence_sha256, 'hex'), e.valid_until, e.detail, e.actor, e.role, e.purpose, r.born
      from wardkeep_consent.of_person e join wardkeep_consent.reach r on r.tenant = e.tenant and r.branch = e.here and r.subject = e.subject
     where e.tenant = me.tenant and (e.here = '' or e.here = any (held)) and e.subject = key
     order by e.here, e.at;
end
$$;
comment on function wardkeep_consent.history(text) is
  'Everything the ledger holds about one person in the branches of the verified context, in order. Fails with WK1xx, WK503; with WK106 where the key is of several people.';

-- The audit log, where this database has one: the same transaction, so neither is without the other.
create function wardkeep_consent.to_audit_log() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('wardkeep_audit.event') is not null then
    insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, detail)
    -- Only a restore writes without a context: this log is a new one, and learns what the old one knew from the restore.
    values (new.tenant, nullif(new.branch, ''),
      case when coalesce(current_setting('wardkeep.token', true), '') = '' then 'system:restore' else new.actor end, new.role, new.purpose, new.session_id, new.request, 'consent',
      'wardkeep_consent.event', new.id::text, new.subject, wardkeep_consent.as_proof(new));
    if not found then
      perform wardkeep_audit.refuse_unwritten();
    end if;
  end if;
  return null;
end
$$;
comment on function wardkeep_consent.to_audit_log() is 'Trigger: each event of the ledger is one of the audit log, with the SHA-256 of the notice that was read.';

create function wardkeep_consent.as_proof(e wardkeep_consent.event) returns text
  language sql stable set search_path = pg_catalog, pg_temp
  return json_strip_nulls(json_build_object('kind', e.kind, 'purpose', e.of_purpose,
    'at', to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'notice', (select n.code || ' ' || n.version from wardkeep_consent.notice n where n.id = e.notice), 'language', e.language,
    'noticeSha256', (select encode(t.sha256, 'hex') from wardkeep_consent.notice_text t where t.notice = e.notice and t.language = e.language),
    'by', e.given_by, 'representation', e.representation, 'channel', e.channel, 'method', e.method, 'evidence', e.evidence,
    'evidenceSha256', encode(e.evidence_sha256, 'hex'),
    'until', to_char(e.valid_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'detail', nullif(e.detail, '{}')))::text;
comment on function wardkeep_consent.as_proof(wardkeep_consent.event) is 'Internal: an event as the text that the audit log commits to.';

create trigger event_logged after insert on wardkeep_consent.event for each row execute function wardkeep_consent.to_audit_log();
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
-- What people ask for under sections 11 to 14 of the DPDP Act, and what became of it. The state of a request is the list of
-- its events; `request` is the id of the one that opened it.
create table wardkeep_consent.rights_event (
  id uuid primary key default gen_random_uuid(),
  at timestamptz not null default clock_timestamp(),
  tenant text not null check (tenant <> ''),
  branch text not null,
  -- Empty once the person was destroyed.
  subject text not null,
  request uuid not null,
  kind text not null check (kind in ('opened', 'identified', 'decided', 'answered', 'held', 'hold_released', 'disclosed', 'destroyed', 'verified')),
  asked text check (asked in ('access', 'correction', 'erasure', 'grievance', 'nomination')),
  due_at timestamptz,
  destroy_after timestamptz,
  detail jsonb not null default '{}',
  actor text not null check (actor <> ''),
  role text not null,
  purpose text not null,
  session_id uuid not null,
  check ((kind = 'opened') = (asked is not null and due_at is not null)),
  check (kind <> 'opened' or request = id)
);
comment on table wardkeep_consent.rights_event is
  'Requests of people about their data, legal holds and disclosures: one row for one act. Written by functions only; nobody is granted anything on it.';
create unique index rights_once on wardkeep_consent.rights_event (request, kind) where kind not in ('answered', 'disclosed');
create index rights_of on wardkeep_consent.rights_event (tenant, branch, subject);

-- The one way out: what is older than the recorded destruction of the person.
create function wardkeep_consent.keep_unless_destroyed() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' and exists (select from wardkeep_consent.rights_event r
       where r.kind = 'destroyed' and r.tenant = old.tenant and r.subject = '' and r.at >= old.at
         and r.detail ->> 'subject_sha256' in (
           select encode(sha256(convert_to((r.detail ->> 'salt') || p.branch || ' ' || old.subject, 'UTF8')), 'hex') from (
             select old.branch union all
             select c.branch from wardkeep_consent.carried c where c.tenant = old.tenant and c.subject = old.subject
                and c.was_branch = old.branch and old.at between c.after and c.upto) p)) then
    return old;
  end if;
  raise exception '% is a record: rows are added, never changed or removed', tg_table_name using errcode = '42501';
end
$$;
comment on function wardkeep_consent.keep_unless_destroyed() is
  'Trigger: what was recorded stays, until the destruction of the person is recorded.';

create trigger carried_kept before update or delete on wardkeep_consent.carried for each row execute function wardkeep_consent.keep_unless_destroyed();
create trigger carried_emptied before truncate on wardkeep_consent.carried for each statement execute function wardkeep_consent.keep();
create trigger rights_kept before update or delete on wardkeep_consent.rights_event for each row execute function wardkeep_consent.keep_unless_destroyed();
create trigger rights_emptied before truncate on wardkeep_consent.rights_event for each statement execute function wardkeep_consent.keep();
drop trigger event_kept on wardkeep_consent.event;
create trigger event_kept before update or delete on wardkeep_consent.event for each row execute function wardkeep_consent.keep_unless_destroyed();

alter table wardkeep_consent.rights_event enable row level security;

create view wardkeep_consent.right_of_person as
  select e.branch as here, e.*
    from wardkeep_consent.rights_event e
    left join wardkeep_consent.reach r on r.tenant = e.tenant and r.branch = e.branch and r.subject = e.subject
   where e.at >= coalesce(r.since, '-infinity')
  union all
  select r.branch, e.*
    from wardkeep_consent.reach r
    join wardkeep_consent.carried c on c.tenant = r.tenant and c.branch = r.branch and c.subject = r.subject and c.at >= r.since
    join wardkeep_consent.rights_event e on e.tenant = c.tenant and e.branch = c.was_branch and e.subject = c.subject and e.at between c.after and c.upto;
comment on view wardkeep_consent.right_of_person is 'As of_person, for what people ask for and what became of it.';

create function wardkeep_consent.refuse_right(what text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '%', what using errcode = 'WK560', hint = 'Nothing was recorded, and what was recorded before stays.';
end
$$;
comment on function wardkeep_consent.refuse_right(text) is 'Internal: raises WK560; never returns.';

create function wardkeep_consent.add_right(e wardkeep_consent.rights_event) returns uuid
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
begin
  -- In step with the ledger's events: whoever has this key later does not inherit it.
  update wardkeep_consent.reach h set last_at = greatest(clock_timestamp(), h.last_at + interval '1 microsecond', h.since + interval '1 microsecond')
   where h.tenant = e.tenant and h.branch = e.branch and h.subject = e.subject returning h.last_at into e.at;
  insert into wardkeep_consent.rights_event (id, at, tenant, branch, subject, request, kind, asked, due_at, destroy_after, detail, actor, role, purpose, session_id)
  values (e.id, coalesce(e.at, clock_timestamp()), e.tenant, e.branch, e.subject, e.request, e.kind, e.asked, e.due_at, e.destroy_after, e.detail, me.actor, me.role, me.purpose, me.session_id);
  return e.id;
exception when unique_violation then
  perform wardkeep_consent.refuse_right('this was recorded of the request already');
end
$$;
comment on function wardkeep_consent.add_right(wardkeep_consent.rights_event) is
  'Internal: adds one event of a request; who and when come from the verified context and the server.';

-- What is said of a person goes to the audit log too; only the kind, as the log outlives the person.
create function wardkeep_consent.rights_to_audit_log() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('wardkeep_audit.event') is not null then
    insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, verb, relation, record, subject, detail)
    values (new.tenant, nullif(new.branch, ''),
      case when coalesce(current_setting('wardkeep.token', true), '') = '' then 'system:restore' else new.actor end, new.role,
      new.purpose, new.session_id, 'rights', 'wardkeep_consent.rights_event', new.id::text, nullif(new.subject, ''),
      json_strip_nulls(json_build_object('kind', new.kind, 'asked', new.asked, 'request', new.request,
        'outcome', new.detail ->> 'outcome', 'reason', new.detail ->> 'reason', 'sha256', new.detail ->> 'sha256'))::text);
    if not found then
      perform wardkeep_audit.refuse_unwritten();
    end if;
  end if;
  return null;
end
$$;
comment on function wardkeep_consent.rights_to_audit_log() is 'Trigger: each act on a request is an event of the audit log, without what was written in it.';
create trigger rights_logged after insert on wardkeep_consent.rights_event for each row execute function wardkeep_consent.rights_to_audit_log();
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
-- What else knows a person than the host's tables and the ledger: the audit log, and Wardkeep's own records of emergencies,
-- referrals, moves, assignments and open sessions.

-- A key that nobody else can have had: only its events are taken out of the log, which names no branch for some of them.
create function wardkeep_consent.unmistakable(of_subject text) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
  return of_subject ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
comment on function wardkeep_consent.unmistakable(text) is 'Internal: whether a key is a UUID, which is searched for as a text wherever it may be.';

create function wardkeep_consent.log_of(h wardkeep_consent.reach) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('wardkeep_audit.event') is null then
    return 'none';
  end if;
  if wardkeep_consent.unmistakable(h.subject) then
    return 'erased';
  end if;
  -- Who had the key before, or has it in the next branch, would go out of the log as well; so would somebody who is in the log only.
  if h.since > '-infinity' or exists (select from wardkeep_consent.reach r where r.tenant = h.tenant and r.subject = h.subject and r.branch <> h.branch)
     or exists (select from wardkeep_audit.event e where e.tenant = h.tenant and e.subject = h.subject and e.verb = 'delete'
       and e.relation = wardkeep_consent.people_table() and e.xid <> pg_current_xact_id()) then
    return 'key-of-several';
  end if;
  return 'erased';
end
$$;
comment on function wardkeep_consent.log_of(wardkeep_consent.reach) is
  'Internal: what becomes of a person in the audit log: erased, none where there is no log, key-of-several where the log cannot tell the person from another one.';

-- Deletes of this transaction whose events name nobody: rows that belonged to rows about the person.
create function wardkeep_consent.records_without_subject() returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('wardkeep_audit.event') is null then
    return '[]';
  end if;
  return coalesce((select jsonb_agg(distinct jsonb_build_array(e.relation, e.record, wardkeep_audit.numbered_in(e.record, e.branch))) from wardkeep_audit.event e
    where e.xid = pg_current_xact_id() and e.verb = 'delete' and e.subject is null and e.record is not null), '[]');
end
$$;
comment on function wardkeep_consent.records_without_subject() is 'Internal: what this transaction deleted, as far as its events in the audit log name nobody.';

create function wardkeep_consent.forget(of_request uuid) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  u wardkeep_consent.unverified;
  a wardkeep.assignment;
  gone text := 'destroyed ' || of_request;
  -- An emergency or an assignment names whom the caller said, in any spelling that the key's type takes; so do their events.
  spellings text[];
  spelling text;
  -- Asked of the log once, before an erasure takes away what says it.
  logged jsonb;
begin
  select v.* into u from wardkeep_consent.unverified v where v.request = of_request for update;
  if not found then
    perform wardkeep_consent.refuse_right('this destruction was certified already, or there was none');
  end if;
  -- Who got the key in another branch by a transaction that was open at the destruction: see require_free().
  if not wardkeep_consent.unmistakable(u.subject)
     and exists (select from wardkeep_consent.reach r where r.tenant = u.tenant and r.subject = u.subject) then
    update wardkeep_consent.unverified v set several = true where v.request = of_request;
  end if;
  if (wardkeep_consent.destroyed(of_request) ->> 'log') = 'key-of-several' then
    return u.erased;
  end if;
  select array_agg(distinct k.subject) into spellings from (
    select u.subject union all
    select h.subject from wardkeep.assignment h where h.tenant = u.tenant union all
    select b.subject from wardkeep.break_glass b where b.tenant = u.tenant) k
   where k.subject = u.subject or wardkeep_consent.spelled(k.subject) = u.subject;
  -- In the order of 195_turns.sql of @wardkeep/postgres.
  for a in select h.* from wardkeep.assignment h where h.tenant = u.tenant and h.subject = any (spellings) order by h.actor, h.id loop
    perform wardkeep.alone(a.actor, a.tenant);
    perform wardkeep.revoke_one(a.id, session_user, 'the person was destroyed');
    update wardkeep.assignment h set subject = gone where h.id = a.id;
  end loop;
  update wardkeep.break_glass b
     set subject = gone, explanation = gone, review_note = case when b.review_note is not null then gone end
   where b.tenant = u.tenant and b.subject = any (spellings);
  update wardkeep.referral r set subject = gone, end_reason = case when r.end_reason is not null then gone end
   where r.tenant = u.tenant and r.subject = u.subject;
  update wardkeep.move m set subject = gone, reason = gone where m.tenant = u.tenant and m.subject = u.subject;
  delete from wardkeep.token t where t.tenant = u.tenant and t.subjects && spellings;
  if to_regclass('wardkeep_audit.event') is not null then
    logged := wardkeep_audit.logged_records(u.tenant, u.subject, u.records);
    foreach spelling in array spellings loop
      update wardkeep_consent.unverified v
         set erased = v.erased + wardkeep_audit.erase_person(u.tenant, spelling, 'erasure ' || of_request, logged)
       where v.request = of_request returning v.* into u;
    end loop;
  end if;
  return u.erased;
end
$$;
comment on function wardkeep_consent.forget(uuid) is
  'For the owner: takes a destroyed person out of the audit log''s sealed events and out of Wardkeep''s own records. Returns from how many events so far. Fails with WK409, WK440, WK444, WK560.';
-- Past every list of columns: each table of our schemas, as text. Partitions are read through their whole.
create function wardkeep_consent.left_own(of_request uuid) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  u wardkeep_consent.unverified;
  t record;
  n bigint;
  other bigint;
  found_in jsonb := '{}';
  mentioned jsonb := '{}';
begin
  select v.* into u from wardkeep_consent.unverified v where v.request = of_request;
  if not found then
    perform wardkeep_consent.refuse_right('this destruction was certified already, or there was none');
  end if;
  if (wardkeep_consent.destroyed(of_request) ->> 'log') = 'key-of-several' then
    return '{"found": {}, "mentions": {}}';
  end if;
  for t in select s.nspname, c.relname, exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'subject') as names,
                  exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant') as of_tenant
             from pg_class c join pg_namespace s on s.oid = c.relnamespace
            where s.nspname in ('wardkeep', 'wardkeep_audit', 'wardkeep_consent') and c.relkind in ('r', 'p') and not c.relispartition
              and c.oid <> 'wardkeep_consent.unverified'::regclass
            order by 1, 2 loop
    other := 0;
    if wardkeep_consent.unmistakable(u.subject) then
      -- What is about somebody else, or was written as a reason of an owner's work, is told and stays.
      execute format('select count(*) filter (where not o.stays), count(*) filter (where o.stays)
          from %I.%I x, lateral (select %s as stays) o where strpos(lower(x::text), $1) > 0', t.nspname, t.relname,
        case when t.nspname = 'wardkeep_audit' and t.relname = 'event' then 'coalesce(lower(x.subject), $1) <> $1'
             else (t.nspname = 'wardkeep' and t.relname in ('activity', 'session'))::text end) into n, other using u.subject;
    elsif t.names and t.of_tenant then
      execute format('select count(*) from %I.%I x where x.subject = $1 and x.tenant = $2', t.nspname, t.relname) into n using u.subject, u.tenant;
    else
      continue;
    end if;
    found_in := found_in || jsonb_build_object(t.nspname || '.' || t.relname, n);
    if other > 0 then
      mentioned := mentioned || jsonb_build_object(t.nspname || '.' || t.relname, other);
    end if;
  end loop;
  return jsonb_build_object('found', found_in, 'mentions', mentioned);
end
$$;
comment on function wardkeep_consent.left_own(uuid) is
  'For the owner: counts what is left of a destroyed person in the audit log, the ledger and Wardkeep''s own tables, by a query that names no column where the key is a UUID; what is about others and mentions the key is counted apart. Fails with WK560.';

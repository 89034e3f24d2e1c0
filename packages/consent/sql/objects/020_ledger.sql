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

create sequence wardkeep_audit.event_id;

-- The log. Its index on (xid, id) finds what a snapshot sees and an older one did not, and joins leaves.
create table wardkeep_audit.event (
  xid xid8 not null default pg_current_xact_id(),
  id bigint not null default nextval('wardkeep_audit.event_id'),
  at timestamptz not null default clock_timestamp(),
  tenant text not null,
  branch text,
  -- Never empty, by whoever writes here; a CHECK would be read anew by every statement that writes.
  actor text not null,
  role text not null,
  purpose text not null,
  session uuid,
  request text,
  verb text not null,
  relation text not null,
  record text,
  subject text,
  groups text[] not null default '{}',
  n integer not null default 1,
  -- Text, not jsonb: what is hashed must not depend on how a server version prints it.
  detail text,
  primary key (xid, id, at)
) partition by range (at);
comment on table wardkeep_audit.event is 'One entry of the audit log. Written by triggers and functions only; nobody is granted anything on it.';
-- A fifth of a B-tree's bytes for keys that are long and seldom come twice; it holds no nulls.
create index event_subject on wardkeep_audit.event using hash (subject);
-- Without the time, so that equal keys share one entry: what is ordered by time is sorted after it was found.
create index event_actor on wardkeep_audit.event (tenant, actor);

-- A month nobody made yet is no reason to refuse a write.
create table wardkeep_audit.event_other partition of wardkeep_audit.event default with (toast_tuple_target = 4080);

create table wardkeep_audit.log (
  id integer generated always as identity primary key,
  -- Empty: the deployment's own log, which holds the batches and the other logs' checkpoints.
  tenant text not null unique,
  -- What the deployment's log names the tenant by; a random tag to everybody who does not have it.
  seed bytea not null check (octet_length(seed) = 32),
  size bigint not null default 0,
  -- The roots of its perfect subtrees, largest first.
  frontier bytea not null default ''
);
comment on table wardkeep_audit.log is 'One append-only Merkle tree (RFC 6962) per tenant, and one of the deployment.';

create table wardkeep_audit.leaf (
  log integer not null references wardkeep_audit.log,
  index bigint not null,
  hash bytea not null check (octet_length(hash) = 32),
  at timestamptz not null,
  xid xid8,
  event bigint unique,
  -- What the salts of the event's commitments are made from; without it they can be neither opened nor guessed.
  seed bytea check (octet_length(seed) = 32),
  entry bytea,
  primary key (log, index),
  check ((event is null) = (xid is null) and (seed is null or event is not null) and (event is null) <> (entry is null))
);
comment on table wardkeep_audit.leaf is 'Which event is which leaf. Leaves that are no events carry their bytes.';

create table wardkeep_audit.erased (
  log integer not null,
  index bigint not null,
  actor_salt bytea not null,
  record bytea not null,
  subject bytea not null,
  detail bytea not null,
  primary key (log, index)
);
comment on table wardkeep_audit.erased is
  'What stands in the place of the seed of an event whose person was erased: the leaf can be computed, and nothing opened.';

create table wardkeep_audit.checkpoint (
  log integer not null references wardkeep_audit.log,
  size bigint not null,
  at timestamptz not null default clock_timestamp(),
  note text not null,
  primary key (log, size)
);
comment on table wardkeep_audit.checkpoint is 'Signed tree heads as C2SP tlog-checkpoint.';

create function wardkeep_audit.some_key() returns bigint
  language sql volatile set search_path = pg_catalog, pg_temp
  return ('x' || substr(md5(gen_random_uuid()::text), 1, 16))::bit(64)::bigint;
comment on function wardkeep_audit.some_key() is 'Internal: a number for an advisory lock.';

create table wardkeep_audit.seal_state (
  only_row boolean primary key default true check (only_row),
  -- Two deployments of the same name sign different logs.
  deployment uuid not null default gen_random_uuid(),
  fence bigint not null default 0,
  -- Of the advisory lock that the sealer holds; another one where a login that could not seal holds it.
  lock_key bigint not null default wardkeep_audit.some_key(),
  batch bigint not null default 0,
  snapshot text,
  incarnation text,
  sealed_at timestamptz
);
comment on table wardkeep_audit.seal_state is 'How far the log is sealed. A sealer whose fence is not this one commits nothing.';
insert into wardkeep_audit.seal_state default values;

alter table wardkeep_audit.event enable row level security;
alter table wardkeep_audit.event_other enable row level security;
alter table wardkeep_audit.log enable row level security;
alter table wardkeep_audit.leaf enable row level security;
alter table wardkeep_audit.erased enable row level security;
alter table wardkeep_audit.checkpoint enable row level security;
alter table wardkeep_audit.seal_state enable row level security;
-- Who writes. The owner has no context and is the login that took the role; maintenance and apply have left their own record
-- in this transaction. FORCE keeps the owner from what belongs to tenants outside of maintenance, backfill and apply.
-- Everybody else is who the verified context says, or is refused.
create function wardkeep_audit.context() returns wardkeep.token
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r wardkeep.token;
begin
  if current_setting('role') = current_user and coalesce(current_setting('wardkeep.token', true), '') = '' then
    select a.kind || ':' || session_user into r.actor from wardkeep.activity a
     where a.kind in ('maintenance', 'apply') and a.xmin = pg_current_xact_id()::xid limit 1;
    r.actor := coalesce(r.actor, 'owner:' || session_user);
    r.role := 'owner';
    r.purpose := split_part(r.actor, ':', 1);
    return r;
  end if;
  return wardkeep.verified();
end
$$;
comment on function wardkeep_audit.context() is
  'Internal: the verified context, or the login under the owner''s role. Fails with WK1xx: no actor, no write.';

create function wardkeep_audit.narrowed_to(branches text[]) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return case when current_setting('wardkeep.branch', true) = any (branches) then current_setting('wardkeep.branch', true) end;
end
$$;
comment on function wardkeep_audit.narrowed_to(text[]) is 'Internal: the branch that the client narrowed to, where it is one of these.';

-- Nearly every context has one branch: what is asked of several is one call that is not reached.
create function wardkeep_audit.one_branch(c wardkeep.token) returns text
  language sql stable
  return case when c.branches[2] is null then c.branches[1] else wardkeep_audit.narrowed_to(c.branches) end;
comment on function wardkeep_audit.one_branch(wardkeep.token) is
  'Internal: the branch of the context where it is one; for tables that have none of their own.';

create function wardkeep_audit.refuse_tenant() returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'the context changed inside the statement' using errcode = 'WK401',
    hint = 'Do not change the context inside a statement; nothing was written.';
end
$$;
comment on function wardkeep_audit.refuse_tenant() is 'Internal: the row written is not of the tenant that would sign for it. Fails with WK401.';

create function wardkeep_audit.record_truncate() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep_audit.context();
  gone record;
begin
  -- ONLY: TRUNCATE of a partitioned table fires here for the root and for each partition.
  for gone in execute format('select %s as tenant, count(*) as n from only %s t group by 1 having count(*) > 0',
    case when tg_argv[1] = '' then 'coalesce($1, '''')' else format('t.%I::text', tg_argv[1]) end, tg_relid::regclass) using c.tenant
  loop
    insert into wardkeep_audit.event (tenant, actor, role, purpose, session, request, verb, relation, n, detail)
    values (gone.tenant, c.actor, c.role, c.purpose, c.session_id, nullif(current_setting('wardkeep.request', true), ''), 'delete', tg_argv[0],
      gone.n, '{"truncate":true}');
    if not found then
      perform wardkeep_audit.refuse_unwritten();
    end if;
  end loop;
  return null;
end
$$;
comment on function wardkeep_audit.record_truncate() is
  'Trigger: TRUNCATE as one event per tenant. Arguments: name of the table in the policy file, tenant column or nothing.';
create function wardkeep_audit.make_months(ahead integer) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  first timestamp := date_trunc('month', clock_timestamp() at time zone 'UTC');
  month timestamp;
  name text;
  made integer := 0;
begin
  for i in 0..ahead loop
    month := first + make_interval(months => i);
    name := 'event_' || to_char(month, 'YYYY_MM');
    continue when to_regclass('wardkeep_audit.' || name) is not null;
    begin
      -- A list of fifty names is just longer than what is compressed and, where that does not help, put elsewhere; names do not compress.
      execute format('create table wardkeep_audit.%I (like wardkeep_audit.event including defaults including constraints) with (toast_tuple_target = 4080)', name);
      execute format('alter table wardkeep_audit.%I enable row level security', name);
      -- ATTACH locks the default partition, which is empty or small; writers of other months go on.
      execute format('alter table wardkeep_audit.event attach partition wardkeep_audit.%I for values from (%L) to (%L)', name,
        to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
      made := made + 1;
    exception when check_violation then
      -- Its events came before it was made, and ATTACH found them in the default partition. They stay there: read, sealed and
      -- dropped with their month like all others.
      null;
    end;
  end loop;
  return made;
end
$$;
comment on function wardkeep_audit.make_months(integer) is
  'Makes the partitions of this month and of the months ahead, in UTC, but of none whose events are in the default partition already; returns how many were new. For the owner.';
-- A key as rows, and so events, spell it: who asks may have it in any spelling that the column's type takes. What may be a text
-- is left as it is, because there another spelling is another key.
create function wardkeep_audit.as_logged(of_relation text, key text) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  types text[] := array['uuid'];
begin
  if to_regprocedure('wardkeep_audit.key_types()') is not null then
    types := array(select jsonb_array_elements_text(wardkeep_audit.key_types() -> coalesce(of_relation, '')));
  end if;
  return case
    when 'uuid' = any (types) and key ~* '^([0-9a-f]{4}(-?[0-9a-f]{4}){7}|\{[0-9a-f]{4}(-?[0-9a-f]{4}){7}\})$' then key::uuid::text
    when types <@ array['smallint', 'integer', 'bigint'] and types <> '{}' and key ~ '^\s*[-+]?[0-9]{1,18}\s*$' then key::bigint::text
    else key end;
end
$$;
comment on function wardkeep_audit.as_logged(text, text) is
  'Internal: the key of a record of a table, or of a person where no table is named, as the log spells it.';
-- `of_records`: table, record and, where they are known, branch and the numbers of the events, as an int8multirange, that are about the person and
-- do not say so: what belongs to rows about one. With a fifth member: a row about the person whose events say so.
create function wardkeep_audit.events_about(of_tenant text, of_subject text, of_records jsonb) returns table (xid xid8, id bigint)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  select e.xid, e.id from wardkeep_audit.event e where e.tenant = of_tenant and e.subject = of_subject
  union
  -- Whoever declared an emergency may have spelled a UUID otherwise.
  select e.xid, e.id from wardkeep_audit.event e
   where e.tenant = of_tenant and translate(lower(e.subject), '{}-', '') = replace(of_subject, '-', '') and wardkeep_audit.as_logged(null, e.subject) = of_subject
  union
  select e.xid, e.id from wardkeep_audit.event e where e.tenant = of_tenant and e.verb = 'view' and e.subject is null
     and wardkeep_audit.subjects_of(e.verb, e.detail) @> array[of_subject]
  union
  -- Whoever names records wants the key out of every event that is about nobody else.
  select e.xid, e.id from wardkeep_audit.event e
   where of_records is not null and length(of_subject) >= 32 and e.tenant = of_tenant and e.subject is null
     and wardkeep_audit.subjects_of(e.verb, e.detail) is null and strpos(concat(e.record, ' ', e.detail), of_subject) > 0
  union
  select e.xid, e.id from wardkeep_audit.event e
   where of_records <> '[]' and e.tenant = of_tenant and e.subject is null and e.record is not null
     and exists (select from jsonb_array_elements(of_records) r
       where r.value ->> 0 = e.relation and r.value ->> 1 = e.record and coalesce(r.value ->> 2 = e.branch, true)
         and coalesce((r.value ->> 3)::int8multirange @> e.id, true) and r.value ->> 4 is null);
end
$$;
comment on function wardkeep_audit.events_about(text, text, jsonb) is 'Internal: the events of a tenant that are about a person.';

create function wardkeep_audit.erase_person(of_tenant text, of_subject text, reason text, of_records jsonb) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  erased integer;
  xids xid8[];
  ids bigint[];
  is_locked boolean;
  is_open boolean;
  mixed wardkeep_audit.event[];
  told integer;
begin
  if coalesce(trim(reason), '') = '' then
    raise exception 'an erasure needs a reason' using errcode = 'WK409', hint = 'Say why; it is recorded.';
  end if;
  perform wardkeep_audit.require_unheld(of_tenant, of_subject, of_records);
  -- Once without the lock: whoever asks until the sealer is through does not stop it. Then for good: an event that commits later
  -- has no leaf that could keep its commitments, and is left as it is.
  foreach is_locked in array array[false, true] loop
    if is_locked then
      perform wardkeep_audit.lock_within(10000, 'share row exclusive', array['wardkeep_audit.leaf']);
    end if;
    select array_agg(a.xid), array_agg(a.id), bool_or(not exists (select from wardkeep_audit.leaf l where l.event = a.id)) into xids, ids, is_open
      from wardkeep_audit.events_about(of_tenant, of_subject, of_records) a;
    if is_open then
      raise exception 'events about this person are not sealed yet' using errcode = 'WK409',
        hint = 'Run `wardkeep audit seal` (in code: the sealer), then erase; nothing was erased.';
    end if;
  end loop;
  -- What an event says of several persons is one commitment: the others are said again, in events of their own.
  mixed := array(select e from unnest(xids, ids) a(xid, id) join wardkeep_audit.event e on e.xid = a.xid and e.id = a.id
   where e.verb = 'view' and e.subject is null and wardkeep_audit.subjects_of(e.verb, e.detail) @> array[of_subject]
     and cardinality(array_remove(wardkeep_audit.subjects_of(e.verb, e.detail), of_subject)) > 0);
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, subject, groups, n, detail)
  select e.tenant, e.branch, e.actor, e.role, e.purpose, e.session, e.request, e.verb, e.relation,
         case when cardinality(o.others) = 1 then o.others[1] end, e.groups, e.n,
         json_strip_nulls(json_build_object('source', e.detail::json ->> 'source', 'restates', wardkeep_audit.access_id(e.verb, e.detail, e.id)::text, 'at', wardkeep_audit.happened(e.verb, e.detail, e.at),
           'subjects', case when cardinality(o.others) > 1 then to_json(o.others) end))::text
    from unnest(mixed) e cross join lateral (select array_remove(wardkeep_audit.subjects_of(e.verb, e.detail), of_subject)) o(others);
  get diagnostics told = row_count;
  if told < cardinality(mixed) then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  perform wardkeep_audit.keep_refiled(xids, ids);
  with about as (
    select l.log, l.index, l.seed, e.record, e.subject, e.detail
      from unnest(xids, ids) a(xid, id)
      join wardkeep_audit.event e on e.xid = a.xid and e.id = a.id
      join wardkeep_audit.leaf l on l.event = e.id and l.xid = e.xid
     where l.seed is not null
  )
  insert into wardkeep_audit.erased (log, index, actor_salt, record, subject, detail)
  select log, index, sha256(seed || '\x01'), wardkeep_audit.commitment(seed, 2, record),
         wardkeep_audit.commitment(seed, 3, subject), wardkeep_audit.commitment(seed, 4, detail)
    from about;
  get diagnostics erased = row_count;
  update wardkeep_audit.leaf l set seed = null
    from wardkeep_audit.erased x where x.log = l.log and x.index = l.index and l.seed is not null;
  update wardkeep_audit.event e set record = null, subject = null, detail = null
    from unnest(xids, ids) a(xid, id) where e.xid = a.xid and e.id = a.id;
  perform wardkeep_audit.forget_refiled(of_tenant);
  -- A link to a record of somebody who is gone opens no more.
  delete from wardkeep_audit.share s where s.tenant = of_tenant and s.subject = of_subject;
  delete from wardkeep_audit.transfer t where t.tenant = of_tenant and t.subject = of_subject;
  delete from wardkeep_audit.access_queue q where q.tenant = of_tenant and q.subject = of_subject;
  delete from wardkeep_audit.access_review v where v.tenant = of_tenant and v.subject = of_subject;
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, n, detail)
  values (of_tenant, 'audit:' || session_user, 'owner', 'erasure', 'delete', 'wardkeep_audit.event', erased,
    json_build_object('reason', reason)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  return erased;
end
$$;
comment on function wardkeep_audit.erase_person(text, text, text, jsonb) is
  'Takes a person out of a tenant''s sealed events: values and seeds go, commitments stay, so that every old proof verifies. With `of_records` also of these, each as table, record, branch and, where only some of its events are the person''s, their numbers, whose events name nobody, and wherever else a long key stands in an event about nobody else. Returns how many events; the act is one too. For the owner. Fails with WK409, WK440, WK444.';

create function wardkeep_audit.erase_subject(of_tenant text, of_subject text, reason text) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  person text := wardkeep_audit.as_logged(null, of_subject);
begin
  return wardkeep_audit.erase_person(of_tenant, person, reason, wardkeep_audit.logged_records(of_tenant, person, '[]'));
end
$$;
comment on function wardkeep_audit.erase_subject(text, text, text) is
  'Takes a person out of a tenant''s sealed events that name the person, or a row that belonged to the person''s, as erase_person does. For the owner. Fails with WK409, WK440, WK444.';

create function wardkeep_audit.commitment(seed bytea, field integer, value text) returns bytea
  language sql immutable
  return sha256('\x02' || sha256(seed || set_byte('\x00', 0, field))
    || case when value is null then '\x00' else '\x01' || convert_to(value, 'UTF8') end);
comment on function wardkeep_audit.commitment(bytea, integer, text) is
  'Internal: what a leaf holds of a value; fields are 1 actor, 2 record, 3 subject, 4 detail.';

create function wardkeep_audit.happened(verb text, detail text, at timestamptz) returns timestamptz
  -- Without SET, so that it becomes a part of the query.
  language sql stable
  return case when verb = 'view' and detail like '%"restates"%' then coalesce((detail::json ->> 'at')::timestamptz, at) else at end;
comment on function wardkeep_audit.happened(text, text, timestamptz) is
  'Internal: when what an event tells happened; an event that restates another one after an erasure holds that one''s time.';
create function wardkeep_audit.subjects_of(verb text, detail text) returns text[]
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  -- Parsed once: the parser is half of what a list's index entries cost.
  select case when verb = 'view' and detail like '%"subjects"%' then
    array(select jsonb_array_elements_text(case when jsonb_typeof(d.told) = 'array' then d.told end) from (select detail::jsonb -> 'subjects' offset 0) d(told)) end
$$;
comment on function wardkeep_audit.subjects_of(text, text) is
  'Internal: whom an event is about that is about several persons, for the index and for reading.';

create index event_subjects on wardkeep_audit.event using gin (wardkeep_audit.subjects_of(verb, detail))
  where verb = 'view' and subject is null;

create function wardkeep_audit.refuse_view() returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'views of this table are not recorded here' using errcode = 'WK411',
    hint = 'Run `wardkeep apply` with the policy file that the application uses.';
end
$$;
comment on function wardkeep_audit.refuse_view() is 'Internal: fails with WK411.';

-- Scalars and one INSERT: it runs inside the statement that shows the rows. Each function and operator of an expression is
-- made ready again in every transaction, whether it is reached or not: what is seldom needed stands behind an IF.
create function wardkeep_audit.record_view(
  of_relation text, of_groups text[], persons text[], shown integer, found_by text, of_statement text, soon boolean
) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  said text := '{"source":"exact"}';
  synced text;
begin
  if found_by is distinct from 'exact' or of_statement is not null or cardinality(persons) > 1 then
    persons := array(select distinct p collate "C" from unnest(persons) p where p is not null order by 1);
    said := concat('{"source":', to_json(case when found_by in ('exact', 'fetched', 'declared') then found_by else 'undetermined' end),
      ',"statement":' || to_json(of_statement)::text, case when persons[2] is not null then ',"subjects":' || to_json(persons)::text end, '}');
  end if;
  if coalesce(of_relation <> all (wardkeep_audit.viewed_tables()), true) then
    if coalesce(of_relation not like '%()', true) then
      perform wardkeep_audit.refuse_view();
    end if;
  end if;
  -- Seen by the sealer and by everybody at once; on the disk within three times wal_writer_delay. Whatever wrote before in
  -- this transaction waits for the disk, and so does the view of it. An assignment is worked out without a query.
  synced := case when soon and pg_current_xact_id_if_assigned() is null then set_config('synchronous_commit', 'off', true) end;
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, subject, groups, n, detail)
  select c.tenant, wardkeep_audit.one_branch(c), c.actor, wardkeep_audit.allowed_as(c.role, c.purpose, 'read', of_relation), c.purpose, c.session_id,
         nullif(current_setting('wardkeep.request', true), ''), 'view', of_relation,
         case when persons[2] is null then persons[1] end, coalesce(of_groups, '{}'), greatest(shown, 0), said
    from wardkeep.in_force() c;
  if not found then
    -- Asked again only for its refusal; no row is shown where there is an answer by now.
    perform wardkeep.verified();
    if exists (select from wardkeep.in_force()) then
      perform wardkeep_audit.refuse_unwritten();
    end if;
    perform wardkeep_audit.refuse_tenant();
  end if;
  return true;
end
$$;
comment on function wardkeep_audit.record_view(text, text[], text[], integer, text, text, boolean) is
  'Records what the application was shown of one table: who, where and why are the verified context''s. With `soon` a transaction that wrote nothing before commits without waiting for the disk. Fails with WK1xx, and with WK411 for a table whose views the policy file does not record.';

create function wardkeep_audit.record_views(seen jsonb) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform wardkeep_audit.record_view(s.relation, s.groups, s.subjects, s.n, s.source, s.statement, s.soon)
    from jsonb_to_recordset(seen) s (relation text, groups text[], subjects text[], n integer, source text, statement text, soon boolean);
end
$$;
comment on function wardkeep_audit.record_views(jsonb) is
  'Records several views, one event per table, as record_view does. Fails with WK1xx and WK411.';
create function wardkeep_audit.record_crossing(c wardkeep.token, branches text[], verb text, relation text, record text, subject text, detail jsonb) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  written integer;
begin
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, detail)
  select c.tenant, b.branch, c.actor, c.role, c.purpose, c.session_id, nullif(current_setting('wardkeep.request', true), ''),
         record_crossing.verb, record_crossing.relation, record_crossing.record, record_crossing.subject, record_crossing.detail::text
    from unnest(branches) b(branch);
  get diagnostics written = row_count;
  if written < cardinality(branches) then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.record_crossing(wardkeep.token, text[], text, text, text, text, jsonb) is
  'Internal: what crossed, as one event of each branch. Called by note_crossing() with a context that was verified.';
-- What left the house: begun before the first byte, ended after the last.
create table wardkeep_audit.transfer (
  id uuid primary key default gen_random_uuid(),
  tenant text not null,
  session uuid not null,
  verb text not null,
  relation text not null,
  -- Whom it is about, where that is one person.
  subject text,
  begun_at timestamptz not null default clock_timestamp()
);
create index transfer_tenant on wardkeep_audit.transfer (tenant, begun_at);
comment on table wardkeep_audit.transfer is 'Downloads and prints that are under way: each is ended once, by the session that began it.';
alter table wardkeep_audit.transfer enable row level security;
-- What is asked for by verb: exports, shares, denials, sign-ins, emergencies; what a gap in the log rests on; and the views of
-- nobody in particular, which an answer about one person cannot rule out. One index: its condition is made ready for every
-- event, also for those that it leaves out.
create index event_verb on wardkeep_audit.event (verb, tenant, at)
  where verb in ('download', 'print', 'export', 'share', 'deny', 'login', 'break_glass', 'retention', 'rotation', 'incarnation')
     or verb = 'view' and (detail like '{"source":"undetermined"%' or detail like '{"source":"declared"%');

-- What the matrix says about an action that the database cannot see. Raises unless this context holds the cell.
create function wardkeep_audit.require_cell(c wardkeep.token, verb text, relation text, columns text[], bulk boolean) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  cell jsonb := wardkeep_audit.handling_cells() -> relation -> verb -> c.db_role;
begin
  if cell is null or 'read ' || relation = any (c.denied) then
    raise exception 'this role may not % what is in %', verb, left(relation, 130) using errcode = 'WK430';
  end if;
  -- Raises with WK204 or WK205, as where the database sees the action.
  perform wardkeep.tenant_for(current_setting('role'),
    case when cell ? 'purposes' then array(select jsonb_array_elements_text(cell -> 'purposes')) end,
    (cell ->> 'mfa')::integer, statement_timestamp());
  if cell ? 'columns' and (columns is null or not columns <@ array(select jsonb_array_elements_text(cell -> 'columns'))) then
    raise exception 'this role may % some columns of % only', verb, relation using errcode = 'WK430',
      hint = 'Name the columns that are handed out; the policy file lists those that may be.';
  end if;
  if bulk and coalesce((cell ->> 'tied')::boolean, false) then
    raise exception 'this role may % certain rows of % only', verb, relation using errcode = 'WK430',
      hint = 'Name the records; each is compared with the condition. A text that is exported shows their key and reads no other table.';
  end if;
  if bulk and c.subjects is not null then
    raise exception 'a confined role hands out named records only' using errcode = 'WK430',
      hint = 'Name the records. A text that is exported shows their key and reads no other table.';
  end if;
  return cell;
end
$$;
comment on function wardkeep_audit.require_cell(wardkeep.token, text, text, text[], boolean) is
  'Internal: the cell of the matrix for download, print, export or share. Fails with WK204, WK205, WK430.';

create function wardkeep_audit.handling_detail(phase text, id uuid, what jsonb) returns text
  language sql immutable
  return json_strip_nulls(json_build_object('phase', phase, 'transfer', id, 'file', what ->> 'file',
    'seconds', what -> 'seconds', 'filters', what -> 'filters'))::text;
comment on function wardkeep_audit.handling_detail(text, uuid, jsonb) is 'Internal: what an event of a download says of it.';

create function wardkeep_audit.handled_groups(of_relation text, columns text[]) returns text[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select g.key from jsonb_each(wardkeep_audit.handling_cells() -> of_relation -> 'groups') g
                where columns is null or g.value ?| columns order by 1);
end
$$;
comment on function wardkeep_audit.handled_groups(text, text[]) is 'Internal: the groups of the columns that leave; all where none is named.';

create function wardkeep_audit.begin_handling(what jsonb) returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep.verified();
  verb text := what ->> 'verb';
  relation text := what ->> 'relation';
  keys text[] := array(select distinct jsonb_array_elements_text(what -> 'records'));
  columns text[] := case when what ? 'columns' then array(select jsonb_array_elements_text(what -> 'columns')) end;
  -- Whether nothing leaves but the named records. Of the rows of a text that takes that it shows their key.
  named boolean := cardinality(keys) > 0 and (not what ? 'reads' or coalesce(what -> 'shows' ? (wardkeep_audit.handling_cells() -> relation ->> 'key'), false));
  made wardkeep_audit.transfer;
  asked wardkeep.token;
  others text[];
  found integer;
  told integer;
  persons text[];
  phase text;
  records text[];
begin
  if verb is null or verb not in ('download', 'print', 'export', 'share') or relation is null then
    raise exception 'neither download, print, export nor share of a table' using errcode = 'WK434';
  end if;
  if cardinality(keys) > 1000 or octet_length(what::text) > 100000 or length(coalesce(what ->> 'filters', '')) > 2000
     or length(coalesce(what ->> 'file', '')) > 200 then
    raise exception 'too much is named: at most 1,000 records, 2,000 characters of filters, 200 of a file''s name' using errcode = 'WK434';
  end if;
  perform wardkeep_audit.require_cell(c, verb, relation, columns, not named);
  others := wardkeep_audit.require_read_cells(c, verb, relation, what);
  asked := c;
  c.role := wardkeep_audit.allowed_as(c.role, c.purpose, verb, relation);
  if verb = 'share' then
    return wardkeep_audit.begin_share(c, what, relation, keys);
  end if;
  -- A signed address is out of our hands at once: there is nothing to end.
  phase := case when what ? 'seconds' then 'signed' else 'begun' end;
  if phase = 'signed' and (cardinality(keys) <> 1 or coalesce(what ->> 'seconds', '') !~ '^([1-9]|[1-5][0-9]|60)$') then
    raise exception 'an address is signed for one record and for 1 to 60 seconds' using errcode = 'WK434';
  end if;
  made.id := gen_random_uuid();
  if cardinality(keys) > 0 then
    with h as materialized (select * from wardkeep_audit.handled(c, verb, relation, keys)),
    event as (
      insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, groups, detail)
      select c.tenant, coalesce(h.branch, wardkeep_audit.one_branch(c)), c.actor, c.role, c.purpose, c.session_id, wardkeep.request_id(), verb, relation,
             h.record, h.subject, wardkeep_audit.handled_groups(relation, columns), wardkeep_audit.handling_detail(phase, made.id, what)
        from h returning 1)
    select count(distinct h.record), array_agg(distinct h.subject), array_agg(distinct h.record), (select count(*) from event) into found, persons, records, told from h;
    if found <> cardinality(keys) then
      raise exception 'not each of the records is there' using errcode = 'WK431';
    end if;
    if told < found then
      perform wardkeep_audit.refuse_unwritten();
    end if;
  end if;
  perform wardkeep_audit.note_unnamed(asked, verb, case when named then others else relation || others end, relation, columns, wardkeep_audit.handling_detail(phase, made.id, what));
  if phase = 'signed' then
    return jsonb_build_object('id', made.id, 'tenant', c.tenant, 'record', records[1]);
  end if;
  -- Nobody can end these any more: no session lasts longer than a day.
  delete from wardkeep_audit.transfer t where t.tenant = c.tenant and t.begun_at < clock_timestamp() - interval '25 hours';
  insert into wardkeep_audit.transfer (id, tenant, session, verb, relation, subject)
  values (made.id, c.tenant, c.session_id, verb, relation, case when named and others = '{}' and cardinality(persons) = 1 then persons[1] end);
  return jsonb_build_object('id', made.id, 'tenant', c.tenant, 'within', case when named and what ? 'reads' then jsonb_build_object('key', wardkeep_audit.handling_cells() -> relation ->> 'key', 'records', records) end);
end
$$;
comment on function wardkeep_audit.begin_handling(jsonb) is
  'Records that rows are about to leave: who, what, whose, for what, with the cell of the matrix checked. Fails with WK1xx, WK204, WK205, WK430, WK431, WK434.';
-- `reads`: the tables that the text of an export reads. Rows of another one leave with it, so they need its cell too, and nobody says whose they are.
create function wardkeep_audit.require_read_cells(c wardkeep.token, verb text, relation text, what jsonb) returns text[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  others text[] := array(select distinct r.name from jsonb_array_elements_text(what -> 'reads') r(name) where r.name <> relation order by 1);
  one text;
begin
  foreach one in array others loop
    perform wardkeep_audit.require_cell(c, verb, one, null, true);
  end loop;
  return others;
end
$$;
comment on function wardkeep_audit.require_read_cells(wardkeep.token, text, text, jsonb) is
  'Internal: the further tables that the rows of an export are of, each with its cell checked. Fails with WK204, WK205, WK430.';

create function wardkeep_audit.note_unnamed(c wardkeep.token, verb text, relations text[], main text, columns text[], detail text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  one text;
begin
  foreach one in array relations loop
    insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, groups, n, detail)
    values (c.tenant, wardkeep_audit.one_branch(c), c.actor, wardkeep_audit.allowed_as(c.role, c.purpose, verb, one), c.purpose, c.session_id, wardkeep.request_id(), verb, one,
      wardkeep_audit.handled_groups(one, case when one = main then columns end), 0, detail);
    if not found then
      perform wardkeep_audit.refuse_unwritten();
    end if;
  end loop;
end
$$;
comment on function wardkeep_audit.note_unnamed(wardkeep.token, text, text[], text, text[], text) is
  'Internal: records that rows of tables leave of which nobody says whose they are. Fails with WK461.';
create function wardkeep_audit.end_handling(ended jsonb) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep.verified();
  t wardkeep_audit.transfer;
begin
  if coalesce(ended ->> 'outcome', '') not in ('completed', 'aborted') or coalesce(ended ->> 'sha256', '') !~ '^[0-9a-f]{64}$'
     or coalesce(ended ->> 'bytes', '') !~ '^[0-9]{1,16}$' or coalesce(ended ->> 'rows', '0') !~ '^[0-9]{1,9}$' then
    raise exception 'an end needs its outcome, bytes and SHA-256' using errcode = 'WK434';
  end if;
  delete from wardkeep_audit.transfer x
   where x.id::text = ended ->> 'transfer' and x.tenant = c.tenant and x.session = c.session_id returning x.* into t;
  if t.id is null then
    raise exception 'no such transfer of this session is under way' using errcode = 'WK433';
  end if;
  c.role := wardkeep_audit.allowed_as(c.role, c.purpose, t.verb, t.relation);
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, subject, n, detail)
  values (c.tenant, wardkeep_audit.one_branch(c), c.actor, c.role, c.purpose, c.session_id, wardkeep.request_id(), t.verb, t.relation, t.subject,
    coalesce((ended ->> 'rows')::integer, 0),
    json_strip_nulls(json_build_object('phase', ended ->> 'outcome', 'transfer', t.id, 'bytes', (ended ->> 'bytes')::bigint,
      'sha256', ended ->> 'sha256', 'rows', (ended ->> 'rows')::integer))::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.end_handling(jsonb) is
  'Records how a download ended: completed or aborted, bytes, SHA-256, rows. Once, by the session that began it. Fails with WK1xx, WK433, WK434.';
create table wardkeep_audit.share (
  id uuid primary key default gen_random_uuid(),
  tenant text not null,
  branch text,
  relation text not null,
  record text not null,
  subject text,
  columns text[],
  actor text not null,
  recipient text not null check (btrim(recipient) <> ''),
  purpose text not null,
  -- Of the number and the code together; the code itself is stored nowhere.
  digest bytea not null check (octet_length(digest) = 32),
  made_at timestamptz not null default clock_timestamp(),
  valid_until timestamptz not null,
  may_open integer not null check (may_open between 1 and 100),
  opened integer not null default 0,
  failed integer not null default 0,
  revoked_at timestamptz
);
create index share_subject on wardkeep_audit.share (tenant, subject) where subject is not null;
comment on table wardkeep_audit.share is 'Records that were shared by a link: with whom, until when, how often opened. Read by definer functions only.';
alter table wardkeep_audit.share enable row level security;

create function wardkeep_audit.begin_share(c wardkeep.token, what jsonb, of_relation text, keys text[]) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  s wardkeep_audit.share;
begin
  begin
    s.valid_until := (what ->> 'until')::timestamptz;
    s.may_open := coalesce((what ->> 'opens')::integer, 1);
    s.digest := decode(what ->> 'digest', 'hex');
    s.id := (what ->> 'id')::uuid;
  exception when data_exception then
    s.id := null;
  end;
  if s.id is null or cardinality(keys) <> 1 or coalesce(btrim(what ->> 'recipient'), '') = '' or length(what ->> 'recipient') > 200
     or octet_length(s.digest) is distinct from 32 or s.may_open not between 1 and 100
     or coalesce(s.valid_until not between clock_timestamp() and clock_timestamp() + interval '31 days', true) then
    raise exception 'a share is of one record, with a recipient, until a moment of the next 31 days, opened 1 to 100 times' using errcode = 'WK434';
  end if;
  select coalesce(h.branch, wardkeep_audit.one_branch(c)), h.record, h.subject into s.branch, s.record, s.subject
    from wardkeep_audit.handled(c, 'share', of_relation, keys) h;
  if s.record is null then
    raise exception 'the record is not there' using errcode = 'WK431';
  end if;
  s.columns := case when what ? 'columns' then array(select jsonb_array_elements_text(what -> 'columns')) end;
  insert into wardkeep_audit.share (id, tenant, branch, relation, record, subject, columns, actor, recipient, purpose, digest, valid_until, may_open)
  values (s.id, c.tenant, s.branch, of_relation, s.record, s.subject, s.columns, c.actor, what ->> 'recipient', c.purpose, s.digest, s.valid_until, s.may_open)
  returning * into s;
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, groups, detail)
  values (c.tenant, s.branch, c.actor, c.role, c.purpose, c.session_id, wardkeep.request_id(), 'share', of_relation, s.record, s.subject,
    wardkeep_audit.handled_groups(of_relation, s.columns),
    json_build_object('phase', 'begun', 'share', s.id, 'recipient', s.recipient, 'until', s.valid_until, 'opens', s.may_open)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  return jsonb_build_object('id', s.id, 'tenant', s.tenant, 'watermark', wardkeep_audit.watermark(s));
end
$$;
comment on function wardkeep_audit.begin_share(wardkeep.token, jsonb, text, text[]) is 'Internal: makes a share. Fails with WK431, WK434.';

create function wardkeep_audit.watermark(s wardkeep_audit.share) returns text
  language sql stable
  return 'For ' || s.recipient || ', for ' || s.purpose || ', from ' || s.actor || ', until '
    || to_char(s.valid_until at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC, no. ' || left(s.id::text, 8);
comment on function wardkeep_audit.watermark(wardkeep_audit.share) is 'Internal: what stands on each page that is shown.';

-- Never raises for a wrong code: what is counted must stay counted. All refusals look the same. What it is of is told once the opening
-- is committed, to who has its number: a transaction that was told could roll the opening back.
create function wardkeep_audit.open_share(of_share text, code text) returns text
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep.verified();
  s wardkeep_audit.share;
  number bigint := nextval('wardkeep_audit.event_id');
begin
  select x.* into s from wardkeep_audit.share x
   where x.id::text = of_share and x.tenant = c.tenant and (x.branch is null or x.branch = any (c.branches)) for update;
  if s.id is null or s.failed >= 5 or s.revoked_at is not null or s.valid_until <= clock_timestamp() or s.opened >= s.may_open
     or s.digest <> sha256(convert_to(s.id::text || ':' || coalesce(code, ''), 'UTF8')) then
    update wardkeep_audit.share x set failed = x.failed + 1 where x.id = s.id and x.failed < 5 and x.revoked_at is null;
    perform wardkeep_audit.note_denied(c, coalesce(s.relation, ''), 'WK432', 'share', 1);
    return null;
  end if;
  update wardkeep_audit.share x set opened = x.opened + 1 where x.id = s.id;
  insert into wardkeep_audit.event (id, tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, groups, detail)
  values (number, c.tenant, s.branch, c.actor, c.role, c.purpose, c.session_id, wardkeep.request_id(), 'share', s.relation, s.record, s.subject,
    wardkeep_audit.handled_groups(s.relation, s.columns),
    json_build_object('phase', 'opened', 'share', s.id, 'recipient', s.recipient, 'opened', s.opened + 1)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  return pg_current_xact_id()::text || '-' || number;
end
$$;
comment on function wardkeep_audit.open_share(text, text) is
  'Opens a share for who has its code: each opening is counted and an event, whose number opened_share takes once it is committed; null otherwise, for whatever reason. Fails with WK1xx, WK461.';

create function wardkeep_audit.opened_share(opening text) returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep.verified();
  s wardkeep_audit.share;
  of_share text;
  opened integer;
begin
  if opening !~ '^[0-9]{1,18}-[0-9]{1,18}$' then
    return null;
  end if;
  -- An event of another transaction that is seen here was committed.
  select e.detail::json ->> 'share', e.detail::json ->> 'opened' into of_share, opened from wardkeep_audit.event e
   where e.xid = split_part(opening, '-', 1)::xid8 and e.id = split_part(opening, '-', 2)::bigint and e.xid <> pg_current_xact_id()
     and e.tenant = c.tenant and e.session = c.session_id and e.verb = 'share' and e.detail::json ->> 'phase' = 'opened'
     and e.at > clock_timestamp() - interval '1 minute';
  select x.* into s from wardkeep_audit.share x where x.id::text = of_share;
  if s.id is null then
    return null;
  end if;
  return jsonb_build_object('relation', s.relation, 'record', s.record, 'columns', s.columns, 'recipient', s.recipient,
    'watermark', wardkeep_audit.watermark(s), 'left', s.may_open - opened);
end
$$;
comment on function wardkeep_audit.opened_share(text) is
  'What a share is of, to the session that opened it, for a minute after the opening was committed; null otherwise. Fails with WK1xx.';
create function wardkeep_audit.revoke_share(of_share text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep.verified();
  s wardkeep_audit.share;
begin
  update wardkeep_audit.share x set revoked_at = clock_timestamp()
   where x.id::text = of_share and x.tenant = c.tenant and (x.branch is null or x.branch = any (c.branches)) and x.revoked_at is null
     and (x.actor = c.actor or wardkeep_audit.handling_cells() -> x.relation -> 'share' ? c.db_role)
     and (c.subjects is null or x.subject = any (c.subjects))
  returning x.* into s;
  if s.id is null then
    return false;
  end if;
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, detail)
  values (c.tenant, s.branch, c.actor, wardkeep_audit.allowed_as(c.role, c.purpose, 'share', s.relation), c.purpose, c.session_id, wardkeep.request_id(), 'share', s.relation, s.record, s.subject,
    json_build_object('phase', 'revoked', 'share', s.id, 'recipient', s.recipient, 'opened', s.opened)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  return true;
end
$$;
comment on function wardkeep_audit.revoke_share(text) is
  'Takes a share back, by who made it or whoever may share from that table; false when there is none to take. Fails with WK1xx.';
-- What was refused is recorded ten times a minute per session, and per clinic for sign-ins; the rest is counted, and the
-- count is an event of a later minute. Nobody fills a disk with refusals.
create table wardkeep_audit.denial (
  scope text primary key,
  tenant text not null,
  actor text not null,
  role text not null,
  purpose text not null,
  session uuid,
  verb text not null,
  minute timestamptz not null,
  recorded integer not null,
  more integer not null
);
create index denial_tenant on wardkeep_audit.denial (tenant);
create index denial_minute on wardkeep_audit.denial (minute);
comment on table wardkeep_audit.denial is 'How many refusals of a session, or sign-ins of a clinic, were recorded in its last minute, and how many were only counted.';
alter table wardkeep_audit.denial enable row level security;

create function wardkeep_audit.note_more(d wardkeep_audit.denial) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into wardkeep_audit.event (tenant, actor, role, purpose, session, verb, relation, n, detail)
  values (d.tenant, d.actor, d.role, d.purpose, d.session, d.verb, '', d.more, '{"code":"more"}');
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.note_more(wardkeep_audit.denial) is 'Internal: an event of what was only counted. Fails with WK461.';

-- True: record this one as well. False: it was counted.
create function wardkeep_audit.within_rate(of_scope text, c wardkeep.token, of_verb text) returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  now_minute timestamptz := date_trunc('minute', clock_timestamp());
  d wardkeep_audit.denial;
begin
  insert into wardkeep_audit.denial (scope, tenant, actor, role, purpose, session, verb, minute, recorded, more)
  values (of_scope, coalesce(c.tenant, ''), c.actor, c.role, c.purpose, c.session_id, of_verb, now_minute, 0, 0)
  on conflict (scope) do nothing;
  if found then
    -- Sessions of yesterday: what they left uncounted is told, and their rows go.
    for d in delete from wardkeep_audit.denial x where x.scope in (
        select y.scope from wardkeep_audit.denial y where y.minute < now_minute - interval '25 hours' order by y.minute limit 100 for update skip locked)
      returning x.* loop
      if d.more > 0 then
        perform wardkeep_audit.note_more(d);
      end if;
    end loop;
  end if;
  select x.* into d from wardkeep_audit.denial x where x.scope = of_scope for update;
  if d.minute < now_minute then
    if d.more > 0 then
      perform wardkeep_audit.note_more(d);
    end if;
    update wardkeep_audit.denial x set minute = now_minute, recorded = 1, more = 0 where x.scope = of_scope;
    return true;
  end if;
  update wardkeep_audit.denial x
     set recorded = least(x.recorded + 1, 10), more = case when x.recorded < 10 then x.more else least(x.more, 2000000000) + 1 end
   where x.scope = of_scope;
  return d.recorded < 10;
end
$$;
comment on function wardkeep_audit.within_rate(text, wardkeep.token, text) is 'Internal: whether a refusal is still recorded by itself in this minute; counts it otherwise.';

create function wardkeep_audit.note_denied(c wardkeep.token, relation text, code text, action text, together integer) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  of_scope text := c.session_id::text || ':' || c.tenant;
  told boolean;
begin
  told := wardkeep_audit.within_rate(of_scope, c, 'deny');
  if together > 1 then
    update wardkeep_audit.denial d set more = least(d.more, 2000000000) + least(together, 100000) - 1 where d.scope = of_scope;
  end if;
  if not told then
    return;
  end if;
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, detail)
  values (c.tenant, wardkeep_audit.one_branch(c), c.actor, c.role, c.purpose, c.session_id, left(wardkeep.request_id(), 200), 'deny',
    -- A name that is a table's, so that nothing else is written here.
    coalesce((select relation from pg_class k join pg_namespace n on n.oid = k.relnamespace
               where n.nspname || '.' || k.relname = relation and k.relkind in ('r', 'p', 'v') limit 1), ''),
    json_strip_nulls(json_build_object('code', case when code ~ '^[0-9A-Z]{5}$' then code else 'XX000' end,
      'action', case when action in ('create', 'read', 'update', 'delete', 'download', 'print', 'export', 'share') then action end))::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.note_denied(wardkeep.token, text, text, text, integer) is 'Internal: one refusal, or one more in the count.';

create function wardkeep_audit.record_denied(what jsonb) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform wardkeep_audit.note_denied(wardkeep.verified(), coalesce(what ->> 'relation', ''), coalesce(what ->> 'code', ''), what ->> 'action',
    case when what ->> 'n' ~ '^[0-9]{1,6}$' then (what ->> 'n')::integer else 1 end);
end
$$;
comment on function wardkeep_audit.record_denied(jsonb) is
  'Records that the verified context was refused something: code and table, no values. Ten a minute and session, the rest as a count. Fails with WK1xx.';

create function wardkeep_audit.record_failed_login(in_tenant text, claimed text, reason text) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token;
begin
  c.tenant := coalesce((select k.tenant from wardkeep.known_tenant k where k.tenant = in_tenant), '');
  c.actor := left(coalesce(nullif(btrim(claimed), ''), 'unknown'), 200);
  c.role := 'none';
  c.purpose := 'login';
  if coalesce(reason, '') !~ '^[a-z0-9_-]{1,40}$' then
    raise exception 'a reason is a short word' using errcode = 'WK434', hint = 'Such as password, second-factor, locked or unknown.';
  end if;
  if not wardkeep_audit.within_rate('login:' || c.tenant, c, 'login') then
    return;
  end if;
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, detail)
  values (c.tenant, c.actor, c.role, c.purpose, 'login', '', json_build_object('outcome', 'failed', 'reason', reason)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.record_failed_login(text, text, text) is
  'Records that somebody did not get in: whom they claimed to be and why not. Ten a minute and clinic, the rest as a count. For the issuer login. Fails with WK434.';
-- An emergency opens only once its declaration is committed, so that it is recorded where it is declared: who rolls the
-- declaration back has opened nothing.
create function wardkeep_audit.record_emergency() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep.held(current_setting('role'));
  phase text := case
    when tg_op = 'INSERT' then 'declared'
    when old.reviewed_at is null and new.reviewed_at is not null then 'reviewed'
    when old.opened_at is null and new.opened_at is not null then 'opened'
    when old.closed_at is null and new.closed_at is not null then 'closed'
    when old.opened_in <> new.opened_in then 'resumed' end;
begin
  if phase is null then
    return null;
  end if;
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, verb, relation, record, subject, detail)
  values (new.tenant, new.branch, case phase when 'reviewed' then new.reviewed_by when 'closed' then 'owner:' || session_user else new.declared_by end,
    coalesce(c.role, case phase when 'closed' then 'owner' else new.declared_as end), coalesce(c.purpose, 'break_glass'), coalesce(c.session_id, case when phase in ('opened', 'resumed') then new.opened_in end, new.session_id),
    'break_glass', 'wardkeep.break_glass', new.id::text, wardkeep_audit.as_logged(null, new.subject),
    -- The explanation is free text; it stays where it was written.
    json_strip_nulls(json_build_object('phase', phase, 'reason', new.reason, 'until', new.valid_until, 'verdict', new.verdict))::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  return null;
end
$$;
comment on function wardkeep_audit.record_emergency() is 'Trigger: an emergency that is declared, opened, resumed in another session, reviewed or closed.';

create trigger wk_sealed_emergency after insert or update on wardkeep.break_glass
  for each row execute function wardkeep_audit.record_emergency();
alter table wardkeep.break_glass enable always trigger wk_sealed_emergency;
-- Accesses that nothing explained when somebody looked. A row is no verdict: it says that the question was asked.
create table wardkeep_audit.access_queue (
  tenant text not null,
  branch text,
  -- The event's number; of one that restates another after an erasure, that one's.
  access bigint not null,
  subject text not null,
  queued_at timestamptz not null default clock_timestamp(),
  queued_by text not null,
  primary key (access, subject)
);
create index access_queue_subject on wardkeep_audit.access_queue (tenant, subject);
comment on table wardkeep_audit.access_queue is 'Accesses to a person''s rows that were found unexplained, each once. Rows are added only; an erasure of the person takes them away.';

create table wardkeep_audit.access_review (
  id bigint generated always as identity primary key,
  tenant text not null,
  branch text,
  -- What is decided once: an access to one person, or a rule with the events it rests on.
  about text not null,
  rule text not null,
  -- Null where it is about an alert.
  access bigint,
  subject text,
  -- Whose access it was.
  actor text not null,
  outcome text not null check (outcome in ('legitimate', 'not_legitimate', 'forwarded')),
  reason text not null check (btrim(reason) <> ''),
  reviewed_by text not null,
  reviewed_as text not null,
  session uuid not null,
  reviewed_at timestamptz not null default clock_timestamp(),
  check (reviewed_by <> actor),
  check ((access is null) = (subject is null))
);
-- Two decisions at the same moment wait for each other here.
create unique index access_review_once on wardkeep_audit.access_review (tenant, about) where outcome <> 'forwarded';
create index access_review_by on wardkeep_audit.access_review (tenant, reviewed_by, reviewed_at);
create index access_review_subject on wardkeep_audit.access_review (tenant, subject);
comment on table wardkeep_audit.access_review is 'What reviews of accesses and alerts said, and who said it. Rows are added only, and each is an event of the log; an erasure of the person takes theirs away.';

alter table wardkeep_audit.access_queue enable row level security;
alter table wardkeep_audit.access_review enable row level security;

create function wardkeep_audit.access_reviewer() returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
begin
  -- A context for some persons only is never a reviewer's, whatever its role is called.
  if me.subjects is not null or not coalesce(wardkeep_audit.detection() -> 'reviewedBy' ? me.role, false) then
    raise exception 'this role does not review accesses' using errcode = 'WK435';
  end if;
  return me;
end
$$;
comment on function wardkeep_audit.access_reviewer() is 'Internal: the token in force, if its role reviews accesses. Fails with WK1xx, WK435.';

create function wardkeep_audit.holds_tenant(c wardkeep.token) returns boolean
  language sql stable
  return not exists (select from wardkeep.known_branch k where k.tenant = (c).tenant and k.branch <> all ((c).branches));
comment on function wardkeep_audit.holds_tenant(wardkeep.token) is
  'Internal: whether a context reaches every branch of its tenant; what was done in several branches at once is shown to such a one only.';

create function wardkeep_audit.is_access(verb text, relation text, detail text) returns boolean
  language sql immutable parallel safe
  return relation <> 'wardkeep_audit.event'
    -- By the member: the same text is written with blanks by one function and without by another.
    and (verb = 'view' or verb in ('download', 'print', 'export', 'share') and coalesce(detail::json ->> 'phase' in ('begun', 'signed'), detail is null));
comment on function wardkeep_audit.is_access(text, text, text) is
  'Internal: whether an event is an access: a view, or the beginning of what leaves; how that ended is none.';

create function wardkeep_audit.access_id(verb text, detail text, id bigint) returns bigint
  -- Without SET, so that it becomes a part of the query: called once per event of a month, it cost more than all the rest.
  language sql immutable
  return case when verb = 'view' and detail like '%"restates"%' then coalesce((detail::json ->> 'restates')::bigint, id) else id end;
comment on function wardkeep_audit.access_id(text, text, bigint) is
  'Internal: the number of an access, which an erasure of somebody else beside the person does not change.';

create function wardkeep_audit.persons_of(verb text, detail text, subject text) returns text[]
  -- Without SET, as access_id(); most events name one person at most, and are not opened.
  language sql immutable
  return case when detail like '%"subjects"%' then coalesce(wardkeep_audit.subjects_of(verb, detail), array[subject]) else array[subject] end;
comment on function wardkeep_audit.persons_of(text, text, text) is 'Internal: whom an event is about; of an event about nobody in particular, null alone.';

create function wardkeep_audit.is_within(branch text, held text[], has_all boolean) returns boolean
  -- Without SET, as access_id().
  language sql immutable
  return branch = any (held) or branch is null and has_all;
comment on function wardkeep_audit.is_within(text, text[], boolean) is
  'Internal: whether an event is of a reviewer''s own branches; one of several branches at once is so for whoever holds the tenant.';

create function wardkeep_audit.require_window(from_at timestamptz, to_at timestamptz, why text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if from_at is null or to_at is null or not isfinite(from_at) or not isfinite(to_at) or from_at >= to_at or to_at - from_at > interval '31 days' then
    raise exception 'a window has a beginning and a later end, at most 31 days apart' using errcode = 'WK438';
  end if;
  if coalesce(btrim(why), '') = '' or length(why) > 2000 then
    raise exception 'reading the audit log needs a reason of at most 2,000 characters' using errcode = 'WK438', hint = 'Say why; it is recorded.';
  end if;
end
$$;
comment on function wardkeep_audit.require_window(timestamptz, timestamptz, text) is 'Internal: fails with WK438.';
create function wardkeep_audit.note_reading(c wardkeep.token, asked text, from_at timestamptz, to_at timestamptz, why text, shown bigint) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, n, detail)
  values (c.tenant, wardkeep_audit.one_branch(c), c.actor, c.role, c.purpose, c.session_id, wardkeep.request_id(), 'view', 'wardkeep_audit.event', least(shown, 2000000000),
    json_build_object('reason', why, 'asked', asked, 'from', from_at at time zone 'UTC', 'to', to_at at time zone 'UTC')::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.note_reading(wardkeep.token, text, timestamptz, timestamptz, text, bigint) is 'Internal: records that a reviewer read the log. Fails with WK461.';

-- One row per access and person, with what Wardkeep's own tables say of it. What the host's tables say is asked by explained(),
-- as the reviewer: nothing here reads them.
create function wardkeep_audit.accesses(from_at timestamptz, to_at timestamptz, why text)
  returns table (access bigint, event text, at timestamptz, actor text, role text, purpose text, branch text, session uuid, verb text, relation text,
    subject text, persons integer, class text, assigned boolean, referred boolean, justified boolean,
    queued_at timestamptz, outcome text, reviewed_by text, reviewed_at timestamptz, review_reason text)
  language plpgsql volatile security definer rows 50000 set search_path = pg_catalog, pg_temp
  -- How many rows a part has is guessed low here, and only a hash join compares every column of a key at once.
  -- Before 18 what is off costs so much to the planner that it would have the whole question compiled, for 10 to 27 s.
  set enable_nestloop = off set enable_mergejoin = off set jit = off
as $$
#variable_conflict use_column
declare
  me wardkeep.token := wardkeep_audit.access_reviewer();
  rules jsonb := wardkeep_audit.detection();
  has_all boolean := wardkeep_audit.holds_tenant(me);
  services text[] := array(select jsonb_array_elements_text(rules -> 'services'));
  opened text[] := array_remove(array[rules ->> 'emergency', rules ->> 'referral', rules ->> 'support'], null);
  asks_assigned boolean := coalesce((rules ->> 'assigned')::boolean, false);
  shown bigint;
begin
  perform wardkeep_audit.require_window(from_at, to_at, why);
  return query
  with seen as materialized (
    select e.xid, e.id, wardkeep_audit.access_id(e.verb, e.detail, e.id) as access, wardkeep_audit.happened(e.verb, e.detail, e.at) as at,
           e.actor, split_part(e.role, '/', 1) as role, e.purpose, e.branch, e.session, e.verb, e.relation, e.detail is null as is_erased,
           wardkeep_audit.persons_of(e.verb, e.detail, e.subject) as subjects
      from wardkeep_audit.event e
     where e.tenant = me.tenant and e.at >= from_at and wardkeep_audit.is_within(e.branch, me.branches, has_all)
       and wardkeep_audit.is_access(e.verb, e.relation, e.detail)
       and wardkeep_audit.happened(e.verb, e.detail, e.at) >= from_at and wardkeep_audit.happened(e.verb, e.detail, e.at) < to_at
  ), spans as materialized (
    -- By branch, and under the empty name for who stood in several.
    select a.actor, a.role, b.branch, range_agg(tstzrange(a.valid_from, least(a.valid_until, a.revoked_at))) as held
      from wardkeep.assignment a left join wardkeep.branch_group g on g.tenant = a.tenant and g.name = a.branch_group
     cross join lateral unnest(array[''] || case when a.branch is not null then array[a.branch] when a.branch_group is not null then g.branches else me.branches end) b(branch)
     where asks_assigned and a.tenant = me.tenant and a.valid_from < coalesce(least(a.valid_until, a.revoked_at), 'infinity')
     group by 1, 2, 3
  ), referrals as materialized (
    select r.from_branch, r.subject, r.referred_by, range_agg(tstzrange(r.referred_at, least(r.valid_until, r.ended_at))) as held
      from wardkeep.referral r where r.tenant = me.tenant and r.referred_at < least(r.valid_until, r.ended_at) group by 1, 2, 3
  ), shared as materialized (
    select r.from_branch, r.subject, range_agg(m.span) as held from referrals r cross join lateral unnest(r.held) m(span) group by 1, 2
  ), emergencies as materialized (
    select b.branch, b.subject, b.declared_by, range_agg(tstzrange(b.declared_at, b.valid_until)) as held
      from wardkeep.break_glass b where b.tenant = me.tenant and b.verdict = 'justified' and b.declared_at < b.valid_until group by 1, 2, 3
  ), said as materialized (
    select distinct on (v.access, v.subject) v.access, v.subject, v.outcome, v.reviewed_by, v.reviewed_at, v.reason
      from wardkeep_audit.access_review v where v.tenant = me.tenant and v.access is not null order by v.access, v.subject, v.id desc
  )
  select e.access, e.xid::text || '-' || e.id, e.at, e.actor, e.role, e.purpose, e.branch, e.session, e.verb, e.relation, p.subject,
         cardinality(e.subjects),
         case when e.is_erased then 'erased' when e.role = any (services) then 'service' when p.subject is null then 'undetermined' else 'named' end,
         case when asks_assigned and e.role <> all (opened) and e.role <> all (services) then coalesce(s.held @> e.at, false) end,
         coalesce(e.role = rules ->> 'referral' and h.held @> e.at or r.held @> e.at, false),
         coalesce(e.role = rules ->> 'emergency' and b.held @> e.at, false),
         q.queued_at, v.outcome, v.reviewed_by, v.reviewed_at, v.reason
    from seen e cross join lateral unnest(e.subjects) p(subject)
    left join spans s on s.actor = e.actor and s.role = e.role and s.branch = coalesce(e.branch, '')
    left join shared h on h.from_branch = e.branch and h.subject = p.subject
    left join referrals r on r.from_branch = e.branch and r.subject = p.subject and r.referred_by = e.actor
    left join emergencies b on b.branch = e.branch and b.subject = p.subject and b.declared_by = e.actor
    left join wardkeep_audit.access_queue q on q.access = e.access and q.subject = p.subject
    left join said v on v.access = e.access and v.subject = p.subject
   order by e.at, e.id, p.subject;
  get diagnostics shown = row_count;
  perform wardkeep_audit.note_reading(me, 'accesses', from_at, to_at, why, shown);
end
$$;
comment on function wardkeep_audit.accesses(timestamptz, timestamptz, text) is
  'Accesses of a window in one''s own branches, one row per person, with whether assignments, referrals and emergencies speak for them. For reviewers; the reading is recorded. Fails with WK1xx, WK435, WK438.';
create function wardkeep_audit.access_coverage() returns jsonb
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep_audit.access_reviewer();
  tables integer := 0;
  since timestamptz;
begin
  if to_regprocedure('wardkeep_audit.viewed_tables()') is not null then
    tables := cardinality(wardkeep_audit.viewed_tables());
  end if;
  select min(replace(substr(c.relname, 7), '_', '-') || '-01 00:00:00+00')::timestamptz into since
    from pg_class c join pg_inherits i on i.inhrelid = c.oid
   where i.inhparent = 'wardkeep_audit.event'::regclass and c.relname ~ '^event_[0-9]{4}_[0-9]{2}$';
  return jsonb_build_object('tables', tables, 'wholeTenant', wardkeep_audit.holds_tenant(me),
    'since', to_char(least(since, (select min(o.at) from wardkeep_audit.event_other o where o.tenant = me.tenant)) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
end
$$;
comment on function wardkeep_audit.access_coverage() is
  'What an answer about accesses rests on: from when on events are kept, of how many tables views are recorded, and whether every branch of the clinic is seen. For reviewers. Fails with WK1xx, WK435.';

create function wardkeep_audit.access_baseline(me wardkeep.token, before_day date, zone text) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object('role', d.role, 'actor', d.actor, 'day', d.day, 'persons', d.persons) order by d.role, d.actor, d.day), '[]')
    from (
      select split_part(e.role, '/', 1) as role, e.actor, (h.at at time zone zone)::date as day, count(distinct p.subject) as persons
        from wardkeep_audit.event e
       cross join lateral (select wardkeep_audit.happened(e.verb, e.detail, e.at)) h(at)
       cross join lateral unnest(wardkeep_audit.persons_of(e.verb, e.detail, e.subject)) p(subject)
       where e.tenant = (me).tenant and wardkeep_audit.is_within(e.branch, (me).branches, wardkeep_audit.holds_tenant(me))
         -- For the partitions: an event that restates an older one is never older than it.
         and e.at >= (before_day - 28)::timestamp at time zone zone
         and h.at >= (before_day - 28)::timestamp at time zone zone and h.at < before_day::timestamp at time zone zone
         and wardkeep_audit.is_access(e.verb, e.relation, e.detail) and p.subject is not null
       group by 1, 2, 3) d
$$;
comment on function wardkeep_audit.access_baseline(wardkeep.token, date, text) is
  'Internal: how many persons each actor reached on each of the 28 days before a day.';

create function wardkeep_audit.access_signals(from_at timestamptz, to_at timestamptz, why text) returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep_audit.access_reviewer();
  has_all boolean := wardkeep_audit.holds_tenant(me);
  zone text := wardkeep_audit.detection() ->> 'zone';
  waits interval := make_interval(secs => (wardkeep_audit.detection() ->> 'reviewSeconds')::float8);
  refused jsonb;
  overdue jsonb;
begin
  perform wardkeep_audit.require_window(from_at, to_at, why);
  select coalesce(jsonb_agg(jsonb_build_object('event', e.xid::text || '-' || e.id, 'at', e.at at time zone 'UTC', 'actor', e.actor, 'role', e.role, 'branch', e.branch, 'n', e.n)
           order by e.at, e.id), '[]') into refused
    from wardkeep_audit.event e
   where e.tenant = me.tenant and e.verb = 'deny' and e.at >= from_at and e.at < to_at and wardkeep_audit.is_within(e.branch, me.branches, has_all);
  -- As it was at the end of the window, so that the same window gives the same answer whatever was reviewed since.
  select coalesce(jsonb_agg(jsonb_build_object('actor', b.declared_by, 'role', b.declared_as, 'branch', b.branch, 'at', b.declared_at at time zone 'UTC',
             'reviewed', b.reviewed_at at time zone 'UTC', 'events', (
               select coalesce(jsonb_agg(e.xid::text || '-' || e.id order by e.id), '[]') from wardkeep_audit.event e
                where e.tenant = b.tenant and e.actor = b.declared_by and e.verb = 'break_glass' and e.record = b.id::text and e.at < to_at))
           order by b.declared_at, b.id), '[]') into overdue
    from wardkeep.break_glass b
   where b.tenant = me.tenant and b.branch = any (me.branches) and b.closed_at is null
     and b.declared_at + waits < least(to_at, clock_timestamp())
     and (b.reviewed_at is null or b.reviewed_at >= from_at and b.reviewed_at > b.declared_at + waits);
  perform wardkeep_audit.note_reading(me, 'alerts', from_at, to_at, why, jsonb_array_length(refused) + jsonb_array_length(overdue));
  return jsonb_build_object('refusals', refused, 'overdue', overdue, 'coverage', wardkeep_audit.access_coverage(),
    'baseline', wardkeep_audit.access_baseline(me, (from_at at time zone zone)::date, zone),
    'said', (select coalesce(jsonb_object_agg(v.about, jsonb_build_object('outcome', v.outcome, 'by', v.reviewed_by, 'at', v.reviewed_at at time zone 'UTC', 'reason', v.reason)), '{}')
               from (select distinct on (x.about) x.* from wardkeep_audit.access_review x
                      where x.tenant = me.tenant and x.access is null and wardkeep_audit.is_within(x.branch, me.branches, has_all) order by x.about, x.id desc) v));
end
$$;
comment on function wardkeep_audit.access_signals(timestamptz, timestamptz, text) is
  'What alerts rest on beside accesses: refusals, emergencies without review, the measure of the 28 days before, what was said of alerts. For reviewers; the reading is recorded. Fails with WK1xx, WK435, WK438.';
-- The events behind references as accesses() gives them, as far as they lie in the reviewer's own branches.
create function wardkeep_audit.referred_events(me wardkeep.token, refs text[]) returns setof wardkeep_audit.event
  -- By key, whoever calls it.
  language sql stable set search_path = pg_catalog, pg_temp set enable_nestloop = on
as $$
  select e.* from (select split_part(r, '-', 1)::xid8 as xid, split_part(r, '-', 2)::bigint as id
                     from (select distinct r from unnest(refs) r where r ~ '^[0-9]{1,18}-[0-9]{1,18}$' offset 0) r) r
    join wardkeep_audit.event e on e.xid = r.xid and e.id = r.id
   where e.tenant = (me).tenant and wardkeep_audit.is_within(e.branch, (me).branches, wardkeep_audit.holds_tenant(me))
$$;
comment on function wardkeep_audit.referred_events(wardkeep.token, text[]) is 'Internal: events by reference, of one''s own branches only.';

create function wardkeep_audit.queue_accesses(events text[], subjects text[]) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_nestloop = off set jit = off
as $$
declare
  me wardkeep.token := wardkeep_audit.access_reviewer();
  added integer;
begin
  if cardinality(events) is distinct from cardinality(subjects) or cardinality(events) > 10000 then
    raise exception 'at most 10,000 accesses, each with its person' using errcode = 'WK438';
  end if;
  -- What is claimed to be unexplained is an access of one's own branches to this very person, or it is not put down.
  insert into wardkeep_audit.access_queue (tenant, branch, access, subject, queued_by)
  select e.tenant, e.branch, wardkeep_audit.access_id(e.verb, e.detail, e.id), p.subject, me.actor
    from wardkeep_audit.referred_events(me, events) e
    join (select distinct u.event, u.subject from unnest(events, subjects) u(event, subject)) p on p.event = e.xid::text || '-' || e.id
   where wardkeep_audit.is_access(e.verb, e.relation, e.detail)
     and p.subject = any (wardkeep_audit.persons_of(e.verb, e.detail, e.subject))
   order by 3, 4
  on conflict (access, subject) do nothing;
  get diagnostics added = row_count;
  return added;
end
$$;
comment on function wardkeep_audit.queue_accesses(text[], text[]) is
  'Puts accesses to persons into the queue, each once; what is not an access in one''s own branches is left out. Returns how many were new. For reviewers. Fails with WK1xx, WK435, WK438.';

-- An access to one person, or an alert: its rule and the events it rests on. Decided once, by somebody else than whose it is.
create function wardkeep_audit.review_access(what jsonb) returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep_audit.access_reviewer();
  refs text[] := array(select distinct x collate "C" from jsonb_array_elements_text(case when jsonb_typeof(what -> 'events') = 'array' then what -> 'events' else '[]' end) x order by 1);
  made wardkeep_audit.access_review;
  found_events wardkeep_audit.event[];
  one wardkeep_audit.event;
begin
  made.subject := wardkeep_audit.as_logged(null, what ->> 'subject');
  made.rule := case when made.subject is null then coalesce(what ->> 'rule', '') else 'unexplained' end;
  made.outcome := coalesce(what ->> 'outcome', '');
  made.reason := btrim(coalesce(what ->> 'reason', ''));
  if made.outcome not in ('legitimate', 'not_legitimate', 'forwarded') or made.reason = '' or length(made.reason) > 2000
     or made.rule !~ '^[a-z][a-z_]{0,39}$' or cardinality(refs) not between 1 and 10000 or made.subject is not null and cardinality(refs) > 1 then
    raise exception 'a review says legitimate, not_legitimate or forwarded, why in at most 2,000 characters, and of what' using errcode = 'WK438';
  end if;
  found_events := array(select e from wardkeep_audit.referred_events(me, refs) e order by e.id);
  one := found_events[1];
  -- The same refusal whether it is not there, another branch's, or no access to this person.
  if cardinality(found_events) <> cardinality(refs)
     or made.subject is null and exists (select from unnest(found_events) e
          where e.actor <> one.actor or not (wardkeep_audit.is_access(e.verb, e.relation, e.detail) or e.verb in ('deny', 'break_glass')))
     or made.subject is not null and not (wardkeep_audit.is_access(one.verb, one.relation, one.detail)
          and coalesce(made.subject = any (wardkeep_audit.persons_of(one.verb, one.detail, one.subject)), false)) then
    raise exception 'there is no such access here' using errcode = 'WK437';
  end if;
  if one.actor = me.actor then
    raise exception 'an access is reviewed by somebody else than whose it is' using errcode = 'WK436';
  end if;
  if (select count(*) from wardkeep_audit.access_review v where v.tenant = me.tenant and v.reviewed_by = me.actor and v.reviewed_at > clock_timestamp() - interval '1 hour') >= 1000 then
    raise exception 'this reviewer decided 1,000 times within an hour' using errcode = 'WK439', hint = 'Go on later, or leave it to another reviewer.';
  end if;
  -- What was done in several branches is of none: whoever holds one of them is not told what was said of the others.
  made.branch := case when not exists (select from unnest(found_events) e where e.branch is distinct from one.branch) then one.branch end;
  if made.subject is not null then
    made.access := wardkeep_audit.access_id(one.verb, one.detail, one.id);
    made.about := encode(sha256(convert_to(made.access || ':' || made.subject, 'UTF8')), 'hex');
    insert into wardkeep_audit.access_queue (tenant, branch, access, subject, queued_by)
    values (one.tenant, one.branch, made.access, made.subject, me.actor) on conflict (access, subject) do nothing;
  else
    made.about := encode(sha256(convert_to(made.rule || ':' || array_to_string(array(
      select distinct wardkeep_audit.access_id(e.verb, e.detail, e.id)::text collate "C" from unnest(found_events) e order by 1), ','), 'UTF8')), 'hex');
  end if;
  if exists (select from wardkeep_audit.access_review v where v.tenant = me.tenant and v.about = made.about and v.outcome <> 'forwarded') then
    raise exception 'this was decided already' using errcode = 'WK439';
  end if;
  insert into wardkeep_audit.access_review (tenant, branch, about, rule, access, subject, actor, outcome, reason, reviewed_by, reviewed_as, session)
  values (me.tenant, made.branch, made.about, made.rule, made.access, made.subject, one.actor, made.outcome, made.reason, me.actor, me.role, me.session_id)
  returning * into made;
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, detail)
  values (me.tenant, made.branch, me.actor, me.role, me.purpose, me.session_id, wardkeep.request_id(), 'create', 'wardkeep_audit.access_review', made.id::text, made.subject,
    json_strip_nulls(json_build_object('rule', made.rule, 'of', made.actor, 'event', case when cardinality(refs) = 1 then refs[1] end, 'events', cardinality(refs),
      'about', made.about, 'outcome', made.outcome, 'reason', made.reason))::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  return jsonb_build_object('id', made.id::text, 'about', made.about, 'at', made.reviewed_at at time zone 'UTC');
exception when unique_violation then
  raise exception 'this was decided already' using errcode = 'WK439';
end
$$;
comment on function wardkeep_audit.review_access(jsonb) is
  'Records what a review of an access to a person, or of an alert, came to: once, by somebody else than whose access it is, and as an event. For reviewers. Fails with WK1xx, WK435, WK436, WK437, WK438, WK439.';
-- What a case needs is neither dropped nor erased. Here are the holds that are open; what was placed and released is in the log.
-- A hold on a person in the consent ledger is the same thing: open_holds() lists both.
create table wardkeep_audit.hold (
  id uuid primary key default gen_random_uuid(),
  tenant text not null check (tenant <> ''),
  -- Nobody: the whole tenant.
  subject text check (subject <> ''),
  -- When what is held happened; nothing: at any time.
  since timestamptz,
  until timestamptz check (until > since),
  reason text not null check (trim(reason) <> ''),
  authority text not null check (trim(authority) <> ''),
  at timestamptz not null default clock_timestamp(),
  actor text not null
);
comment on table wardkeep_audit.hold is 'Legal holds on the log that are open. Written by functions of the owner only; nobody is granted anything on it.';
alter table wardkeep_audit.hold enable row level security;

create function wardkeep_audit.open_holds() returns table (
    id uuid, tenant text, subject text, since timestamptz, until timestamptz, reason text, authority text, at timestamptz, actor text, placed_in text)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return query select h.id, h.tenant, h.subject, h.since, h.until, h.reason, h.authority, h.at, h.actor, 'audit' from wardkeep_audit.hold h;
  if to_regprocedure('wardkeep_consent.open_holds()') is not null then
    return query select h.id, h.tenant, h.subject, null::timestamptz, null::timestamptz, h.reason, h.authority, h.at, h.actor, 'rights'
      from wardkeep_consent.open_holds() h;
  end if;
end
$$;
comment on function wardkeep_audit.open_holds() is
  'Every legal hold that is open, whether it was placed on the log or, on a person, in the consent ledger. For the owner.';

create function wardkeep_audit.refuse_held(hold uuid, what text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'a legal hold keeps %: %', what, hold using errcode = 'WK440',
    hint = 'Nothing was removed. `wardkeep audit holds` says who placed it and why; it is released by whoever may.';
end
$$;
comment on function wardkeep_audit.refuse_held(uuid, text) is 'Internal: fails with WK440.';

create function wardkeep_audit.lock_within(milliseconds integer, mode text, tables text[]) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  callers text := current_setting('lock_timeout');
  until timestamptz := clock_timestamp() + make_interval(secs =>
    least(milliseconds, (select nullif(s.setting, '0')::integer from pg_settings s where s.name = 'lock_timeout')) / 1000.0);
  one text;
begin
  foreach one in array tables loop
    continue when to_regclass(one) is null;
    perform set_config('lock_timeout', greatest(1, ceil(extract(epoch from until - clock_timestamp()) * 1000))::text, true);
    execute format('lock table only %s in %s mode', one, mode);
  end loop;
  perform set_config('lock_timeout', callers, true);
exception when lock_not_available or deadlock_detected then
  raise exception 'transactions that use the log did not end in time' using errcode = 'WK444',
    hint = 'Nothing was changed. Run the same again when the clinic is quiet.';
end
$$;
comment on function wardkeep_audit.lock_within(integer, text, text[]) is
  'Internal: locks tables, each without its partitions, or none of them; whoever waits behind this one waits no longer than so many milliseconds, nor than the caller''s own lock_timeout. Fails with WK444.';

-- SHARE: a hold that is being placed is waited for, and then seen. In a transaction, the log comes before this table: placing one
-- writes its event first.
create function wardkeep_audit.require_unheld(of_tenant text, of_subject text, of_records jsonb) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  h record;
begin
  perform wardkeep.require_read_committed();
  perform wardkeep_audit.lock_within(10000, 'share', array['wardkeep_audit.hold']);
  for h in select * from wardkeep_audit.open_holds() o where o.tenant = of_tenant and coalesce(o.subject, of_subject) = of_subject loop
    if h.since is null and h.until is null or exists (
        select from wardkeep_audit.events_about(of_tenant, of_subject, of_records) a join wardkeep_audit.event e on e.xid = a.xid and e.id = a.id
         where wardkeep_audit.happened(e.verb, e.detail, e.at) >= coalesce(h.since, '-infinity') and wardkeep_audit.happened(e.verb, e.detail, e.at) < coalesce(h.until, 'infinity')) then
      perform wardkeep_audit.refuse_held(h.id, 'what is about this person');
    end if;
  end loop;
end
$$;
comment on function wardkeep_audit.require_unheld(text, text, jsonb) is
  'Internal: fails with WK440 where a hold on the tenant, on the person, or on a time in which the log has events about the person is open; until the transaction ends none is placed. Fails with WK444 where one is being placed for ten seconds.';

create function wardkeep_audit.place_hold(of_tenant text, of_subject text, since timestamptz, until timestamptz, reason text, authority text) returns uuid
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  hold uuid := gen_random_uuid();
  person text := wardkeep_audit.as_logged(null, nullif(of_subject, ''));
begin
  if coalesce(trim(reason), '') = '' or coalesce(trim(authority), '') = '' or coalesce(of_tenant, '') = '' or until <= since then
    raise exception 'a hold has a tenant, a reason and who asks for it, and ends after it begins' using errcode = 'WK443', hint = 'Say all of them; they are recorded.';
  end if;
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, record, subject, detail)
  values (of_tenant, 'audit:' || session_user, 'owner', 'hold', 'hold', 'wardkeep_audit.hold', hold::text, person,
    json_strip_nulls(json_build_object('phase', 'placed', 'reason', reason, 'authority', authority, 'since', since, 'until', until))::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  insert into wardkeep_audit.hold (id, tenant, subject, since, until, reason, authority, actor)
  values (hold, of_tenant, person, since, until, reason, authority, 'audit:' || session_user);
  return hold;
end
$$;
comment on function wardkeep_audit.place_hold(text, text, timestamptz, timestamptz, text, text) is
  'Holds a tenant''s log, or what in it is about a person or from a time: nothing of it is dropped or erased until it is released. The act is an event. For the owner. Fails with WK443.';

create function wardkeep_audit.release_hold(hold uuid, reason text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  h record;
begin
  if coalesce(trim(reason), '') = '' then
    raise exception 'a release needs a reason' using errcode = 'WK443', hint = 'Say why; it is recorded.';
  end if;
  select * into h from wardkeep_audit.open_holds() o where o.id = hold;
  if not found then
    raise exception 'no such hold is open' using errcode = 'WK443', hint = '`wardkeep audit holds` lists them.';
  end if;
  if h.placed_in <> 'audit' then
    raise exception 'this hold is of a person''s records, not of the log alone' using errcode = 'WK443',
      hint = 'Release it where it was placed: `wardkeep rights release`.';
  end if;
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, record, subject, detail)
  values (h.tenant, 'audit:' || session_user, 'owner', 'hold', 'hold', 'wardkeep_audit.hold', hold::text, h.subject,
    json_build_object('phase', 'released', 'reason', reason)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  delete from wardkeep_audit.hold d where d.id = hold;
end
$$;
comment on function wardkeep_audit.release_hold(uuid, text) is 'Ends a legal hold of the log. The act is an event. For the owner. Fails with WK443.';
-- A month leaves the log in two steps, so that the evidence comes first: an event that names its leaves is sealed, then they go.
-- The hashes of the leaves stay, and with them every root, proof and checkpoint.
create function wardkeep_audit.month_span(month text) returns tstzrange
  language plpgsql immutable set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
begin
  if month !~ '^[1-9][0-9]{3}-(0[1-9]|1[0-2])$' then
    raise exception 'this is no month' using errcode = 'WK443', hint = 'Write it as 2025-09; months are in UTC.';
  end if;
  return tstzrange((month || '-01')::timestamptz, (month || '-01')::timestamptz + interval '1 month');
end
$$;
comment on function wardkeep_audit.month_span(text) is 'Internal: from when to when a month is, in UTC. Fails with WK443.';

create function wardkeep_audit.outlives(verb text) returns boolean
  language sql immutable
  return verb in ('retention', 'rotation', 'incarnation');
comment on function wardkeep_audit.outlives(text) is 'Internal: events that are never dropped, because proofs rest on them: which months were, which key came after which, and where a database went on as another incarnation.';

create function wardkeep_audit.refuse_held_month(month text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  span tstzrange := wardkeep_audit.month_span(month);
  h record;
begin
  for h in select * from wardkeep_audit.open_holds() loop
    -- On a time: what restates an older event after an erasure tells of that one's. On a person: what is not about somebody else may be about the person.
    if exists (select from wardkeep_audit.event e where e.tenant = h.tenant and e.at >= lower(span) and e.at < upper(span)
         and (tstzrange(h.since, h.until) && span or tstzrange(h.since, h.until) @> wardkeep_audit.happened(e.verb, e.detail, e.at)) and (h.subject is null or e.subject = h.subject
         or e.subject is null and coalesce(wardkeep_audit.subjects_of(e.verb, e.detail) @> array[h.subject], true))) then
      perform wardkeep_audit.refuse_held(h.id, 'this month');
    end if;
  end loop;
end
$$;
comment on function wardkeep_audit.refuse_held_month(text) is 'Internal: fails with WK440 where a hold covers events of the month.';

create function wardkeep_audit.begin_drop(month text, keep interval, reason text) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
  span tstzrange := wardkeep_audit.month_span(month);
  found_events integer;
  is_strange boolean;
  is_swallowed boolean;
begin
  if coalesce(trim(reason), '') = '' then
    raise exception 'dropping a month needs a reason' using errcode = 'WK443', hint = 'Say why; it is recorded and outlives the month.';
  end if;
  if reason ~* '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' then
    raise exception 'the reason names somebody by key' using errcode = 'WK443', hint = 'It outlives every erasure: say why without naming anybody.';
  end if;
  -- A year, whoever asks for less: the Digital Personal Data Protection Rules, 2025, rule 6(1)(e).
  if keep is null or upper(span) + greatest(keep, interval '1 year') > clock_timestamp() then
    raise exception 'the log of % is kept until %', month, to_char(upper(span) + greatest(keep, interval '1 year'), 'YYYY-MM-DD') using errcode = 'WK441',
      hint = 'Nothing was dropped. The policy file says how long the log is kept (auditLog.keep), and docs/reference/law.md which law asks for it.';
  end if;
  perform wardkeep.require_read_committed();
  perform wardkeep_audit.lock_within(10000, 'share', array['wardkeep_audit.hold']);
  perform wardkeep_audit.refuse_held_month(month);
  if exists (select from wardkeep_audit.event e where e.at >= lower(span) and e.at < upper(span)
       and not exists (select from wardkeep_audit.leaf l where l.event = e.id)) then
    raise exception 'events of % are not sealed yet', month using errcode = 'WK442', hint = 'Run `wardkeep audit seal`, then drop; nothing was dropped.';
  end if;
  with leaves as (
    select g.tenant, l.log, l.index, l.index - row_number() over (partition by l.log order by l.index) as run
      from wardkeep_audit.event e join wardkeep_audit.leaf l on l.event = e.id and l.xid = e.xid join wardkeep_audit.log g on g.id = l.log
     where e.at >= lower(span) and e.at < upper(span) and not wardkeep_audit.outlives(e.verb)
  ), runs as (
    select tenant, log, min(index) as first, max(index) as last, count(*) as n from leaves group by tenant, log, run
  ), batches as (
    select c.at, lag(c.at) over (order by c.size) as since from wardkeep_audit.checkpoint c join wardkeep_audit.log g on g.id = c.log where g.tenant = ''
  ), strange as (
    select from runs r
      left join wardkeep_audit.leaf p on p.log = r.log and p.index = r.first - 1 and p.event is not null
      left join wardkeep_audit.leaf f on f.log = r.log and f.index = r.last + 1 and f.event is not null
      cross join lateral (select coalesce(p.at, '-infinity') as before, coalesce(f.at, 'infinity') as after) t
      -- Of the first leaf and of the last: the batch that sealed it, which the verifier reads in the deployment's log.
      left join lateral (select c.at from wardkeep_audit.checkpoint c where c.log = r.log and c.size > r.first order by c.size limit 1) s on true
      left join lateral (select c.at from wardkeep_audit.checkpoint c where c.log = r.log and c.size > r.last order by c.size limit 1) u on true
      left join batches b on b.at = u.at
     where lower(span) - interval '1 day' > greatest(t.before, t.after) or upper(span) + interval '1 day' < least(t.before, t.after)
        or lower(span) - interval '10 minutes' > s.at or upper(span) + interval '1 day' < b.since
  ), acts as (
    select r.tenant, sum(r.n) as n, string_agg(concat('[', r.first, ',', r.last, ']'), ',' order by r.first) as leaves from runs r group by r.tenant
  ), fresh as (
    select a.* from acts a
     where not exists (select from strange) and not exists (select from wardkeep_audit.drops() d where d.tenant = a.tenant and d.month = begin_drop.month and d.leaves = concat('[', a.leaves, ']'))
  ), recorded as (
    insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, n, detail)
    select a.tenant, 'audit:' || session_user, 'owner', 'retention', 'retention', 'wardkeep_audit.event', a.n,
           concat('{"phase":"begun","month":', to_json(month), ',"reason":', to_json(reason), ',"leaves":[', a.leaves, ']}')
      from fresh a returning 1
  )
  select sum(a.n), exists (select from strange), (select count(*) from recorded) < (select count(*) from fresh)
    into found_events, is_strange, is_swallowed from acts a;
  if is_swallowed then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  -- A stranger, who sees times on both sides of a gap, would take these for deleted.
  if is_strange then
    raise exception 'events of % stand among those of other times', month using errcode = 'WK443', hint = 'A clock ran backwards, or forwards. They stay; nothing was dropped.';
  end if;
  if found_events is null then
    -- Somebody dropped it and did not come to the last step.
    if wardkeep_audit.forget_dropped(month) > 0 then
      return 0;
    end if;
    raise exception 'nothing of % is in the log', month using errcode = 'WK443', hint = 'It may have been dropped before: `wardkeep audit verify` says so.';
  end if;
  return found_events;
end
$$;
comment on function wardkeep_audit.begin_drop(text, interval, text) is
  'First step of dropping a month: an event in each tenant''s log that says which leaves, how many, by whom and why. Returns how many events. For the owner. Fails with WK440, WK441, WK442, WK443, WK444.';
create function wardkeep_audit.drops() returns table (tenant text, month text, n integer, leaves text, event bigint, is_sealed boolean)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select e.tenant, e.detail::json ->> 'month', e.n, e.detail::json ->> 'leaves', e.id, exists (select from wardkeep_audit.leaf l where l.event = e.id)
    from wardkeep_audit.event e where e.verb = 'retention' and e.detail like '{"phase":"begun"%'
$$;
comment on function wardkeep_audit.drops() is 'Internal: the months that somebody began to drop, with the leaves that each tenant''s log had of them.';
create function wardkeep_audit.events_of_month(month text) returns table (tenant text, n bigint)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select e.tenant, count(*) from wardkeep_audit.month_span(month) span(w) join wardkeep_audit.event e on e.at >= lower(w) and e.at < upper(w) and not wardkeep_audit.outlives(e.verb) group by 1
$$;
comment on function wardkeep_audit.events_of_month(text) is 'Internal: how many events of a month would be dropped, of each tenant.';

-- Everything that takes time is done before writers wait, and what has changed since is asked once they do.
create function wardkeep_audit.finish_drop(month text) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
  span tstzrange := wardkeep_audit.month_span(month);
  part text := 'wardkeep_audit.event_' || replace(month, '-', '_');
  seen pg_snapshot := pg_current_snapshot();
  holds uuid[];
  counted jsonb;
  kept wardkeep_audit.event[];
  dropped integer;
  told bigint;
begin
  if not exists (select from wardkeep_audit.drops() d where d.month = finish_drop.month) or exists (select from wardkeep_audit.drops() d where d.month = finish_drop.month and not d.is_sealed) then
    raise exception 'that % is dropped is not sealed yet', month using errcode = 'WK442', hint = 'Run `wardkeep audit seal`, then drop again; nothing was dropped.';
  end if;
  perform wardkeep.require_read_committed();
  holds := array(select o.id from wardkeep_audit.open_holds() o);
  perform wardkeep_audit.refuse_held_month(month);
  select coalesce(jsonb_object_agg(m.tenant, m.n), '{}') into counted from wardkeep_audit.events_of_month(month) m;
  -- What is written with a time of that month after it was counted has no part in what was sealed.
  if exists (select from jsonb_each_text(counted) c where not exists (select from wardkeep_audit.drops() d where d.month = finish_drop.month and d.tenant = c.key and d.n = c.value::bigint)) then
    perform wardkeep_audit.refuse_other_events(month);
  end if;
  -- The log's other months are not touched. Two seconds for all of them, in which writers wait behind this one; nothing waits for a lock after that.
  perform wardkeep_audit.lock_within(2000, 'access exclusive', array['wardkeep_audit.event', part, 'wardkeep_audit.event_other']);
  perform wardkeep_audit.lock_within(1000, 'share', array['wardkeep_audit.hold']);
  if exists (select from wardkeep_audit.open_holds() o where o.id <> all (holds)) then
    perform wardkeep_audit.refuse_held_month(month);
  end if;
  if exists (select from wardkeep_audit.event e where e.at >= lower(span) and e.at < upper(span)
       and e.xid >= pg_snapshot_xmin(seen) and not pg_visible_in_snapshot(e.xid, seen)) then
    perform wardkeep_audit.refuse_other_events(month);
  end if;
  kept := array(select e from wardkeep_audit.event e where e.at >= lower(span) and e.at < upper(span) and wardkeep_audit.outlives(e.verb));
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, n, detail)
  select c.key, 'audit:' || session_user, 'owner', 'retention', 'retention', 'wardkeep_audit.event', c.value::integer, concat('{"phase":"completed","month":', to_json(month), '}')
    from jsonb_each_text(counted) c;
  get diagnostics told = row_count;
  if told < (select count(*) from jsonb_each_text(counted)) then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  select coalesce(sum(c.value::integer), 0) into dropped from jsonb_each_text(counted) c;
  if to_regclass(part) is not null then
    execute 'drop table ' || part;
    insert into wardkeep_audit.event select k.* from unnest(kept) k;
    get diagnostics told = row_count;
    if told < cardinality(kept) then
      perform wardkeep_audit.refuse_unwritten();
    end if;
  end if;
  delete from wardkeep_audit.event_other e where e.at >= lower(span) and e.at < upper(span) and not wardkeep_audit.outlives(e.verb);
  return dropped;
end
$$;
comment on function wardkeep_audit.finish_drop(text) is
  'Second step: drops a month whose first step is sealed. Writers wait for it, at most for three seconds before it begins. Returns how many events. For the owner. Fails with WK440, WK442, WK443, WK444.';

create function wardkeep_audit.refuse_other_events(month text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'other events of % are there than were counted', month using errcode = 'WK443', hint = 'Nothing was dropped. Drop it anew; look for a clock that ran backwards.';
end
$$;
comment on function wardkeep_audit.refuse_other_events(text) is 'Internal: fails with WK443.';

create function wardkeep_audit.forget_dropped(month text) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  forgotten integer;
begin
  with gone as materialized (
    select l.log, l.index from wardkeep_audit.drops() d
      join wardkeep_audit.log g on g.tenant = d.tenant
      cross join lateral jsonb_array_elements(d.leaves::jsonb) r
      join wardkeep_audit.leaf l on l.log = g.id and l.index between (r ->> 0)::bigint and (r ->> 1)::bigint
     where d.month = forget_dropped.month and not exists (select from wardkeep_audit.event e where e.xid = l.xid and e.id = l.event)
  ), closed as (
    delete from wardkeep_audit.erased x using gone o where x.log = o.log and x.index = o.index
  )
  update wardkeep_audit.leaf l set seed = null from gone o where l.log = o.log and l.index = o.index and l.seed is not null;
  get diagnostics forgotten = row_count;
  perform wardkeep_audit.forget_refiled(d.tenant) from wardkeep_audit.drops() d where d.month = forget_dropped.month;
  return forgotten;
end
$$;
comment on function wardkeep_audit.forget_dropped(text) is
  'Last step, which makes nobody wait: without their seeds nothing that was in the dropped events can be found by trying. For the owner.';
-- Branches may number their rows each for itself. A UUID is nobody else's, wherever its row was moved.
create function wardkeep_audit.numbered_in(record text, branch text) returns text
  language sql immutable
  return case when record !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then branch end;
comment on function wardkeep_audit.numbered_in(text, text) is 'Internal: the branch that belongs to a record''s name; null where the record alone names it.';

create function wardkeep_audit.of_nobody_told(of_tenant text) returns integer
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (select coalesce(sum(r.n), 0) from (
    select count(*) as n from wardkeep_audit.belonging() b join wardkeep_audit.event e on e.relation = b.child
     where e.tenant = of_tenant and e.subject is null and e.record is not null and e.verb in ('create', 'update', 'delete')
       and not exists (select from wardkeep_audit.refiled f where f.tenant = e.tenant and f.relation = e.relation and f.record = e.record and coalesce(wardkeep_audit.numbered_in(f.record, f.branch) = e.branch, true))
     group by e.relation, e.record having not bool_or(coalesce(jsonb_typeof(e.detail::jsonb -> b.by_column) = 'array', false))) r);
end
$$;
comment on function wardkeep_audit.of_nobody_told(text) is
  'Internal: events of rows that belong to other rows and of which the log does not tell to which: they may be about anybody.';
create function wardkeep_audit.retire_key(of_key text, next_key text, reason text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if of_key !~ '^[0-9a-f]{64}$' or next_key !~ '^[0-9a-f]{64}$' or of_key = next_key or coalesce(trim(reason), '') = '' or wardkeep_audit.is_retired(next_key) then
    raise exception 'a key is retired for one that is not, and with a reason' using errcode = 'WK443', hint = 'Make a new key, and say why; it is recorded.';
  end if;
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, detail)
  values ('', 'audit:' || session_user, 'owner', 'rotation', 'rotation', 'wardkeep_audit.checkpoint',
    json_build_object('retired', of_key, 'next', next_key, 'reason', reason)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.retire_key(text, text, text) is
  'An event of the deployment''s log: this key signs no more, and that one comes after it; each as the SHA-256 of its 32 bytes. For the owner. Fails with WK443.';

create function wardkeep_audit.is_retired(of_key text) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp set jit = off
  return exists (select from wardkeep_audit.event e where e.tenant = '' and wardkeep_audit.outlives(e.verb) and e.verb = 'rotation' and e.detail::json ->> 'retired' = of_key);
comment on function wardkeep_audit.is_retired(text) is 'Internal: whether a key of the sealer, by its SHA-256, was retired.';
-- A row that is filed to somebody else was one person's before and is another's since: each is erased without the other.
-- Here is what an event told that is closed because one of the two was erased: by it the other's erasure finds the row.
create table wardkeep_audit.refiled (
  event bigint primary key,
  tenant text not null,
  relation text not null,
  parent text not null,
  record text not null,
  branch text,
  -- The rows that it belonged to before the event and after it; empty where no event is left of that.
  was text,
  became text,
  check (was <> '' or became <> '')
);
comment on table wardkeep_audit.refiled is
  'To whom rows belonged, as closed events told, while an event of others names the row. Written by functions of the owner only; nobody is granted anything on it.';
alter table wardkeep_audit.refiled enable row level security;

create function wardkeep_audit.tellings(of_tenant text, of_relation text, by_column text)
  returns table (id bigint, record text, branch text, was text, became text)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select e.id, e.record, e.branch, case when t.told then t.pair ->> 0 else e.subject end, case when t.told then t.pair ->> 1 else e.subject end
    from wardkeep_audit.event e
    cross join lateral (select e.detail::jsonb -> by_column as pair, coalesce(jsonb_typeof(e.detail::jsonb -> by_column) = 'array', false) as told) t
   where e.tenant = of_tenant and e.relation = of_relation and e.record is not null and e.verb in ('create', 'update', 'delete')
     and (t.told or e.subject is not null)
  union all
  select f.event, f.record, f.branch, f.was, f.became from wardkeep_audit.refiled f where f.tenant = of_tenant and f.relation = of_relation;
$$;
comment on function wardkeep_audit.tellings(text, text, text) is
  'Internal: what the log tells of to whom rows of a table belonged, by the column that says it, before each event and after it.';

-- `owners`: as logged_records() returns them. `whole`: records of which it is known that they were the person's at last.
create function wardkeep_audit.belonged(of_tenant text, of_relation text, by_column text, owners jsonb, whole jsonb)
  returns table (record text, branch text, ids int8multirange)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  with told as materialized (
    select t.*, wardkeep_audit.numbered_in(t.record, t.branch) as part from wardkeep_audit.tellings(of_tenant, of_relation, by_column) t
  ), known as (
    select r.value ->> 1 as record, r.value ->> 2 as part from jsonb_array_elements(whole) r where r.value ->> 0 = of_relation
  ), owner as materialized (
    select r.value ->> 1 as key, r.value ->> 2 as branch, coalesce((r.value ->> 3)::int8multirange, '{(,)}') as ids, null::text as record
      from jsonb_array_elements(owners) r
    union all
    (select distinct on (t.record, t.part) coalesce(t.became, t.was), t.part, '{(,)}', t.record
      from told t join known k on k.record = t.record and k.part is not distinct from t.part order by t.record, t.part, t.id desc)
  ), about as (
    select distinct t.record, t.part from told t
      join owner o on o.key in (t.was, t.became) and coalesce(o.branch = t.branch, true) and coalesce(o.record = t.record, true)
  ), turns as (
    select t.*, lag(t.id) over w is null as is_first, lag(t.became) over w as had_become, lead(t.id) over w as next, lead(t.was) over w as next_was, lead(t.became) over w as next_became
      from told t join about a on a.record = t.record and a.part is not distinct from t.part
    window w as (partition by t.record, t.part order by t.id)
  ), spans as (
    -- Before the first: what it was, or what it was made as. The event itself tells of both. Then what it became, until the next says otherwise.
    -- A row that became another person's is two events, of the one and of the other, in either order.
    select record, part, branch, coalesce(was, became) as key, int8range(null, id, '()') as ids from turns where is_first
    union all
    select record, part, branch, k.key, int8range(id, id, '[]') from turns cross join lateral (values (was), (became)) k(key)
    union all
    select record, part, branch, k.key, int8range(id, next, '()')
      from turns cross join lateral (select coalesce(became, next_was) is null as is_gone) g
      cross join lateral (values (became), (next_was), (case when is_gone then coalesce(had_become, was) end), (case when is_gone then next_became end)) k(key)
  )
  select s.record, s.part, range_agg(int8multirange(s.ids) * o.ids)
    from spans s join owner o on o.key = s.key and coalesce(o.branch = s.branch, true) and coalesce(o.record = s.record, true)
   group by s.record, s.part having not isempty(range_agg(int8multirange(s.ids) * o.ids));
$$;
comment on function wardkeep_audit.belonged(text, text, text, jsonb, jsonb) is
  'Internal: rows of a table that belonged to one of the owners, each with the numbers of the events between which it did.';

-- Events of a row that belongs to another one name nobody: the log itself says what it belonged to, as far as it tells. Parents first.
create function wardkeep_audit.logged_records(of_tenant text, of_subject text, known jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  found_records jsonb := known;
  more jsonb;
  b record;
begin
  for b in select distinct r.parent, r.parent_subject from wardkeep_audit.belonging() r where r.parent_subject is not null loop
    found_records := found_records || coalesce((select jsonb_agg(jsonb_build_array(b.parent, r.record, r.branch, r.ids::text, true))
      from wardkeep_audit.belonged(of_tenant, b.parent, b.parent_subject, jsonb_build_array(jsonb_build_array(null, of_subject, null, null)), '[]') r), '[]');
  end loop;
  for b in select * from wardkeep_audit.belonging() loop
    select coalesce(jsonb_agg(jsonb_build_array(b.child, r.record, r.branch, r.ids::text)), '[]') into more
      from wardkeep_audit.belonged(of_tenant, b.child, b.by_column,
        (select coalesce(jsonb_agg(o.value), '[]') from jsonb_array_elements(found_records) o where o.value ->> 0 = b.parent), known) r;
    -- Of what the log tells, it tells better.
    select coalesce(jsonb_agg(r.value), '[]') || more into found_records from jsonb_array_elements(found_records) r
     where not exists (select from jsonb_array_elements(more) m where m.value - 3 = r.value);
  end loop;
  return found_records;
end
$$;
comment on function wardkeep_audit.logged_records(text, text, jsonb) is
  'Internal: records that belonged to rows about a person, as table, record, branch and the numbers of the events between which they did, as the audit log tells it, beside those that are known; with true the rows about the person themselves, whose events say so.';

create function wardkeep_audit.keep_refiled(xids xid8[], events bigint[]) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into wardkeep_audit.refiled (event, tenant, relation, parent, record, branch, was, became)
  select e.id, e.tenant, e.relation, b.parent, e.record, e.branch, e.detail::jsonb -> b.by_column ->> 0, e.detail::jsonb -> b.by_column ->> 1
    from unnest(xids, events) a(xid, id) join wardkeep_audit.event e on e.xid = a.xid and e.id = a.id join wardkeep_audit.belonging() b on b.child = e.relation
   where e.record is not null and e.verb in ('create', 'update', 'delete') and jsonb_typeof(e.detail::jsonb -> b.by_column) = 'array'
  -- Where an event came back from a backup, what was kept of it is here already.
  on conflict (event) do nothing;
end
$$;
comment on function wardkeep_audit.keep_refiled(xid8[], bigint[]) is 'Internal: before events are closed, keeps what they told of to whom rows belonged.';

create function wardkeep_audit.forget_refiled(of_tenant text) returns void
  language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with named as materialized (
    select distinct e.relation, e.record, wardkeep_audit.numbered_in(e.record, e.branch) as part from wardkeep_audit.event e
     where e.tenant = of_tenant and e.record is not null and exists (select from wardkeep_audit.refiled f where f.tenant = of_tenant and e.relation in (f.relation, f.parent))
  ), left_over as (
    select f.event, bool_or(n.relation = f.relation and n.record = f.record) as has_row,
           bool_or(n.relation = f.parent and n.record = f.was) as has_was, bool_or(n.relation = f.parent and n.record = f.became) as has_became
      from wardkeep_audit.refiled f left join named n on coalesce(n.part = f.branch, true) and (n.relation, n.record) in ((f.relation, f.record), (f.parent, f.was), (f.parent, f.became))
     where f.tenant = of_tenant group by f.event
  ), gone as (
    delete from wardkeep_audit.refiled f using left_over o
     where f.event = o.event and (o.has_row is not true or o.has_was is not true and o.has_became is not true) returning f.event
  )
  update wardkeep_audit.refiled f
     set was = case when f.was is not null and o.has_was is not true then '' else f.was end,
         became = case when f.became is not null and o.has_became is not true then '' else f.became end
    from left_over o where f.event = o.event and o.has_row and (o.has_was or o.has_became);
$$;
comment on function wardkeep_audit.forget_refiled(text) is
  'Internal: after events were closed or dropped, forgets what was kept of rows, and of what they belonged to, that no event names any more.';
-- What tells a database from its own backup, clone or standby. The timeline is that of the log that is written now: the control
-- file names the new one only after the first checkpoint that follows a promotion.
create function wardkeep_audit.incarnation() returns text
  language sql volatile set search_path = pg_catalog, pg_temp
  return concat_ws('/', (select c.system_identifier from pg_control_system() c),
    ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer,
    (select d.oid from pg_database d where d.datname = current_database()));
comment on function wardkeep_audit.incarnation() is
  'Internal: system identifier, timeline and number of this database. Another text than the one sealed last: it was restored, cloned or promoted.';

create function wardkeep_audit.begin_incarnation(note text, reason text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(trim(reason), '') = '' or reason ~* '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' then
    raise exception 'going on as another incarnation needs a reason that names nobody' using errcode = 'WK446',
      hint = 'Say why; it is recorded and outlives every erasure. Nothing was changed.';
  end if;
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, detail)
  values ('', 'audit:' || session_user, 'owner', 'incarnation', 'incarnation', 'wardkeep_audit.seal_state',
    json_build_object('note', note, 'reason', reason)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.begin_incarnation(text, text) is
  'An event of the deployment''s log: from here on it is signed as another incarnation, under another name, as the signed note says. For the owner. Fails with WK446.';
create function wardkeep_audit.refuse_unwritten() returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'the log did not take an event that was written to it' using errcode = 'WK461',
    hint = 'A rule or a trigger on wardkeep_audit.event or one of its partitions swallows events: `wardkeep audit verify` and `wardkeep plan` name it. Drop it. Nothing was written.';
end
$$;
comment on function wardkeep_audit.refuse_unwritten() is
  'Internal: fewer events are in the log than were written to it. Fails with WK461.';

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
create table wardkeep_audit.event_other partition of wardkeep_audit.event default;

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

create function wardkeep_audit.one_branch(c wardkeep.token) returns text
  language sql stable
  return case
    when current_setting('wardkeep.branch', true) = any (c.branches) then current_setting('wardkeep.branch', true)
    when cardinality(c.branches) = 1 then c.branches[1]
  end;
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
begin
  -- ONLY: TRUNCATE of a partitioned table fires here for the root and for each partition.
  execute format(
    'insert into wardkeep_audit.event (tenant, actor, role, purpose, session, request, verb, relation, n, detail)
     select %s, $1, $2, $3, $4, $5, ''delete'', $6, count(*), ''{"truncate":true}'' from only %s t group by 1 having count(*) > 0',
    case when tg_argv[1] = '' then 'coalesce($7, '''')' else format('t.%I::text', tg_argv[1]) end, tg_relid::regclass)
  using c.actor, c.role, c.purpose, c.session_id, nullif(current_setting('wardkeep.request', true), ''), tg_argv[0], c.tenant;
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
    execute format('create table wardkeep_audit.%I (like wardkeep_audit.event including defaults including constraints)', name);
    execute format('alter table wardkeep_audit.%I enable row level security', name);
    -- ATTACH locks the default partition, which is empty or small; writers of other months go on.
    execute format('alter table wardkeep_audit.event attach partition wardkeep_audit.%I for values from (%L) to (%L)', name,
      to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
    made := made + 1;
  end loop;
  return made;
end
$$;
comment on function wardkeep_audit.make_months(integer) is
  'Makes the partitions of this month and of the months ahead, in UTC; returns how many were new. For the owner.';
create function wardkeep_audit.erase_subject(of_tenant text, of_subject text, reason text) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  erased integer;
begin
  if coalesce(trim(reason), '') = '' then
    raise exception 'an erasure needs a reason' using errcode = 'WK409', hint = 'Say why; it is recorded.';
  end if;
  -- Events of this moment would stay behind: they have no leaf that could keep their commitments.
  lock table wardkeep_audit.leaf in share row exclusive mode;
  if exists (select from wardkeep_audit.event e where e.tenant = of_tenant
               and (e.subject = of_subject or e.verb = 'view' and e.subject is null and wardkeep_audit.subjects_of(e.verb, e.detail) @> array[of_subject])
               and not exists (select from wardkeep_audit.leaf l where l.event = e.id)) then
    raise exception 'events about this person are not sealed yet' using errcode = 'WK409',
      hint = 'Run `wardkeep audit seal` (in code: the sealer), then erase; nothing was erased.';
  end if;
  -- What an event says of several persons is one commitment: the others are said again, in events of their own.
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, subject, groups, n, detail)
  select e.tenant, e.branch, e.actor, e.role, e.purpose, e.session, e.request, e.verb, e.relation,
         case when cardinality(o.others) = 1 then o.others[1] end, e.groups, e.n,
         json_strip_nulls(json_build_object('source', e.detail::json ->> 'source', 'restates', e.id::text, 'at', wardkeep_audit.happened(e.verb, e.detail, e.at),
           'subjects', case when cardinality(o.others) > 1 then to_json(o.others) end))::text
    from wardkeep_audit.event e
    cross join lateral (select array_remove(wardkeep_audit.subjects_of(e.verb, e.detail), of_subject)) o(others)
   where e.tenant = of_tenant and e.verb = 'view' and e.subject is null
     and wardkeep_audit.subjects_of(e.verb, e.detail) @> array[of_subject] and cardinality(o.others) > 0;
  with about as (
    select l.log, l.index, l.seed, e.record, e.subject, e.detail
      from wardkeep_audit.event e join wardkeep_audit.leaf l on l.event = e.id and l.xid = e.xid
     where e.tenant = of_tenant and l.seed is not null
       and (e.subject = of_subject or e.verb = 'view' and e.subject is null and wardkeep_audit.subjects_of(e.verb, e.detail) @> array[of_subject])
  )
  insert into wardkeep_audit.erased (log, index, actor_salt, record, subject, detail)
  select log, index, sha256(seed || '\x01'), wardkeep_audit.commitment(seed, 2, record),
         wardkeep_audit.commitment(seed, 3, subject), wardkeep_audit.commitment(seed, 4, detail)
    from about;
  get diagnostics erased = row_count;
  update wardkeep_audit.leaf l set seed = null
    from wardkeep_audit.erased x where x.log = l.log and x.index = l.index and l.seed is not null;
  update wardkeep_audit.event e set record = null, subject = null, detail = null
   where e.tenant = of_tenant
     and (e.subject = of_subject or e.verb = 'view' and e.subject is null and wardkeep_audit.subjects_of(e.verb, e.detail) @> array[of_subject]);
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, n, detail)
  values (of_tenant, 'audit:' || session_user, 'owner', 'erasure', 'delete', 'wardkeep_audit.event', erased,
    json_build_object('reason', reason)::text);
  return erased;
end
$$;
comment on function wardkeep_audit.erase_subject(text, text, text) is
  'Takes a person out of a tenant''s sealed events: values and seeds go, commitments stay, so that every old proof verifies. Returns how many events; the act is one too. For the owner. Fails with WK409.';

create function wardkeep_audit.commitment(seed bytea, field integer, value text) returns bytea
  language sql immutable
  return sha256('\x02' || sha256(seed || set_byte('\x00', 0, field))
    || case when value is null then '\x00' else '\x01' || convert_to(value, 'UTF8') end);
comment on function wardkeep_audit.commitment(bytea, integer, text) is
  'Internal: what a leaf holds of a value; fields are 1 actor, 2 record, 3 subject, 4 detail.';

create function wardkeep_audit.happened(verb text, detail text, at timestamptz) returns timestamptz
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when verb = 'view' and detail like '%"restates"%' then coalesce((detail::json ->> 'at')::timestamptz, at) else at end
$$;
comment on function wardkeep_audit.happened(text, text, timestamptz) is
  'Internal: when what an event tells happened; an event that restates another one after an erasure holds that one''s time.';
create function wardkeep_audit.subjects_of(verb text, detail text) returns text[]
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case when verb = 'view' and detail like '%"subjects"%' then
    array(select jsonb_array_elements_text(detail::jsonb -> 'subjects') where jsonb_typeof(detail::jsonb -> 'subjects') = 'array') end
$$;
comment on function wardkeep_audit.subjects_of(text, text) is
  'Internal: whom an event is about that is about several persons, for the index and for reading.';

create index event_subjects on wardkeep_audit.event using gin (wardkeep_audit.subjects_of(verb, detail))
  where verb = 'view' and subject is null;

-- How many views are of nobody in particular: what an answer about one person cannot rule out.
create index event_undetermined on wardkeep_audit.event (tenant, at)
  where verb = 'view' and (detail like '{"source":"undetermined"%' or detail like '{"source":"declared"%');

create function wardkeep_audit.refuse_view() returns text
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'views of this table are not recorded here' using errcode = 'WK411',
    hint = 'Run `wardkeep apply` with the policy file that the application uses.';
end
$$;
comment on function wardkeep_audit.refuse_view() is 'Internal: fails with WK411.';

-- Scalars and one INSERT: it runs inside the statement that shows the rows.
create function wardkeep_audit.record_view(
  of_relation text, of_groups text[], persons text[], shown integer, found_by text, of_statement text, soon boolean
) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep.verified();
  listed text;
begin
  if cardinality(persons) > 1 then
    persons := array(select distinct p collate "C" from unnest(persons) p where p is not null order by 1);
    if cardinality(persons) > 1 then
      listed := ',"subjects":' || to_json(persons)::text;
    end if;
  end if;
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, subject, groups, n, detail)
  values (c.tenant, wardkeep_audit.one_branch(c), c.actor, c.role, c.purpose, c.session_id,
    nullif(current_setting('wardkeep.request', true), ''), 'view',
    case when of_relation = any (wardkeep_audit.viewed_tables()) or of_relation like '%()' then of_relation else wardkeep_audit.refuse_view() end,
    case when listed is null then persons[1] end, coalesce(of_groups, '{}'), coalesce(shown, 0),
    concat('{"source":', to_json(found_by), ',"statement":' || to_json(of_statement)::text, listed, '}'));
  -- Seen by the sealer and by everybody at once; on the disk within three times wal_writer_delay.
  if soon then
    perform set_config('synchronous_commit', 'off', true);
  end if;
  return true;
end
$$;
comment on function wardkeep_audit.record_view(text, text[], text[], integer, text, text, boolean) is
  'Records what the application was shown of one table: who, where and why are the verified context''s. With `soon` the transaction commits without waiting for the disk. Fails with WK1xx, and with WK411 for a table whose views the policy file does not record.';

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

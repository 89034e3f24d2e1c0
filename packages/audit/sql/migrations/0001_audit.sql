create sequence wardkeep_audit.event_id;

-- The log. Its index on (xid, id) finds what a snapshot sees and an older one did not, and joins leaves.
create table wardkeep_audit.event (
  xid xid8 not null default pg_current_xact_id(),
  id bigint not null default nextval('wardkeep_audit.event_id'),
  at timestamptz not null default clock_timestamp(),
  tenant text not null,
  branch text,
  actor text not null check (actor <> ''),
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
create index event_subject on wardkeep_audit.event (tenant, subject, at) where subject is not null;
create index event_actor on wardkeep_audit.event (tenant, actor, at);

-- A month nobody made yet is no reason to refuse a write.
create table wardkeep_audit.event_other partition of wardkeep_audit.event default;

create table wardkeep_audit.log (
  id integer generated always as identity primary key,
  -- Empty: the deployment's own log, which holds the batches and the other logs' checkpoints.
  tenant text not null unique,
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
  check ((event is null) = (xid is null) and (event is null) = (seed is null) and (event is null) <> (entry is null))
);
comment on table wardkeep_audit.leaf is 'Which event is which leaf. Leaves that are no events carry their bytes.';

create table wardkeep_audit.checkpoint (
  log integer not null references wardkeep_audit.log,
  size bigint not null,
  at timestamptz not null default clock_timestamp(),
  note text not null,
  primary key (log, size)
);
comment on table wardkeep_audit.checkpoint is 'Signed tree heads as C2SP tlog-checkpoint.';

create table wardkeep_audit.seal_state (
  only_row boolean primary key default true check (only_row),
  -- Two deployments of the same name sign different logs.
  deployment uuid not null default gen_random_uuid(),
  fence bigint not null default 0,
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
alter table wardkeep_audit.checkpoint enable row level security;
alter table wardkeep_audit.seal_state enable row level security;
-- Who writes. The owner has no context in maintenance and apply, which have left their own record in this transaction;
-- everybody else, and the owner outside of them, is who the verified context says, or is refused.
create function wardkeep_audit.context() returns wardkeep.token
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r wardkeep.token;
begin
  if current_setting('role') = current_user and coalesce(current_setting('wardkeep.token', true), '') = '' then
    select a.kind || ':' || session_user into r.actor from wardkeep.activity a
     where a.kind in ('maintenance', 'apply') and a.xmin = pg_current_xact_id()::xid limit 1;
    if found then
      r.role := 'owner';
      r.purpose := split_part(r.actor, ':', 1);
      return r;
    end if;
  end if;
  return wardkeep.verified();
end
$$;
comment on function wardkeep_audit.context() is
  'Internal: the verified context, or the maintenance or apply of this transaction. Fails with WK1xx: no actor, no write.';

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

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

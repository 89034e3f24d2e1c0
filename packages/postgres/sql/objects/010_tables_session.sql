-- Keys with which the host signs its requests for a session. Two blocks as in RFC 2104, so that the key itself is not stored.
create table wardkeep.signing_key (
  kid text primary key check (kid ~ '^[a-z0-9]{4}$'),
  inner_pad bytea not null check (octet_length(inner_pad) = 64),
  outer_pad bytea not null check (octet_length(outer_pad) = 64),
  created_at timestamptz not null default now(),
  retired_at timestamptz
);
comment on table wardkeep.signing_key is 'Keys that sign requests for a session. Read by definer functions only.';

create table wardkeep.used_nonce (
  nonce uuid primary key,
  -- Not the start of the transaction, which the caller chooses.
  used_at timestamptz not null default clock_timestamp()
);
create index used_nonce_used_at on wardkeep.used_nonce (used_at);
comment on table wardkeep.used_nonce is 'Requests already served; a signed request works once.';

create table wardkeep.session (
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('person', 'service', 'backfill')),
  actor text not null check (actor <> ''),
  label text,
  kid text references wardkeep.signing_key,
  mfa_at timestamptz,
  created_at timestamptz not null default now(),
  valid_until timestamptz not null,
  ended_at timestamptz,
  end_reason text
);
create index session_actor on wardkeep.session (actor) where ended_at is null;
comment on table wardkeep.session is 'One row per login, job or backfill. Ending it removes its tokens.';

-- Everything the fence asks is folded into this one row by the functions that write it: one look-up decides.
create table wardkeep.token (
  digest bytea primary key check (octet_length(digest) = 32),
  session_id uuid not null references wardkeep.session on delete cascade,
  tenant text not null check (tenant <> ''),
  branches text[] not null,
  branch_group text,
  db_role text not null,
  role text not null,
  purpose text not null,
  actor text not null,
  mfa_at timestamptz,
  valid_from timestamptz not null,
  valid_until timestamptz not null,
  -- From wardkeep.assignment: whoever is assigned less loses it here, in the same transaction.
  assigned boolean not null default false,
  -- The subjects that a confined role reaches; null for every other role.
  subjects text[] check (cardinality(subjects) > 0),
  -- What the tenant took from the role, such as 'delete public.invoice'.
  denied text[] not null default '{}',
  -- The emergency that it was opened for.
  break_glass uuid,
  -- The referral that it was opened for.
  referral uuid,
  -- The support session that it was opened for.
  support uuid,
  check (coalesce(break_glass, referral) is null or subjects is not null),
  -- Only the owner's work may stand in a tenant that has no branch yet.
  check (cardinality(branches) > 0 or role = 'owner')
);
create index token_session on wardkeep.token (session_id);
create index token_actor on wardkeep.token (actor, tenant, role);
create index token_support on wardkeep.token (support) where support is not null;
create index token_valid_until on wardkeep.token (valid_until);
comment on table wardkeep.token is 'One row per session, tenant, role and purpose, found by the SHA-256 of a token that is stored nowhere.';

alter table wardkeep.signing_key enable row level security;
alter table wardkeep.used_nonce enable row level security;
alter table wardkeep.session enable row level security;
alter table wardkeep.token enable row level security;

create table wardkeep.policy_actor (
  kind text not null check (kind in ('role', 'service')),
  name text not null,
  db_role text not null,
  purposes text[] not null check (cardinality(purposes) > 0),
  mfa_seconds integer,
  must_expire boolean not null,
  may_grant text[] not null default '{}',
  confined boolean not null default false,
  counts_as text[] not null default '{}',
  -- Of a combination: what is taken from one of these is taken from it. What it extends is not among them.
  combines text[] not null default '{}',
  primary key (kind, name)
);
comment on table wardkeep.policy_actor is 'Roles and services of the policy file, written when the policy is applied.';

create table wardkeep.policy_rule (
  only_row boolean primary key default true check (only_row),
  assignments text not null check (assignments in ('host', 'required')),
  exclusive jsonb not null,
  break_glass jsonb,
  crossings jsonb,
  support jsonb,
  aggregates jsonb,
  -- Under another column than before the same value may name another branch.
  branch_key text not null
);
comment on table wardkeep.policy_rule is 'What the policy file says about all roles together; without a row, assignments are the host''s.';

create table wardkeep.policy_state (
  only_row boolean primary key default true check (only_row),
  policy_hash text not null,
  manifest jsonb not null,
  applied_at timestamptz not null default now()
);
comment on table wardkeep.policy_state is 'What was applied last; drift compares the catalog with its manifest.';

-- Mirrors of the host's tenant and branch tables, kept by triggers: sessions are issued before any context exists.
create table wardkeep.known_tenant (
  tenant text primary key
);
create table wardkeep.known_branch (
  branch text primary key,
  tenant text not null
);
create index known_branch_tenant on wardkeep.known_branch (tenant);
comment on table wardkeep.known_branch is 'Which branch belongs to which tenant. A branch id is unique in the whole database.';

create table wardkeep.branch_group (
  tenant text not null,
  name text not null,
  branches text[] not null check (cardinality(branches) > 0),
  primary key (tenant, name)
);
comment on table wardkeep.branch_group is 'Named sets of branches of one tenant; written by set_branch_group, which also updates open sessions.';

create table wardkeep.activity (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  kind text not null,
  actor text,
  tenant text,
  detail jsonb not null default '{}'
);
comment on table wardkeep.activity is 'What was done around the fence: sessions, look-ups, maintenance, backfills. Written by functions only.';

alter table wardkeep.policy_actor enable row level security;
alter table wardkeep.policy_rule enable row level security;
alter table wardkeep.policy_state enable row level security;
alter table wardkeep.known_tenant enable row level security;
alter table wardkeep.known_branch enable row level security;
alter table wardkeep.branch_group enable row level security;
alter table wardkeep.activity enable row level security;

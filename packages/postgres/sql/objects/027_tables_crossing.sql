create table wardkeep.referral (
  id uuid primary key default gen_random_uuid(),
  tenant text not null,
  from_branch text not null,
  to_branch text not null,
  subject text not null check (subject <> ''),
  -- Of the tables that the role of referrals reaches, these and no others.
  records text[] not null check (cardinality(records) > 0),
  basis text not null,
  referred_by text not null,
  referred_as text not null,
  session_id uuid not null,
  referred_at timestamptz not null default clock_timestamp(),
  valid_until timestamptz not null,
  opened_at timestamptz,
  opened_by text,
  -- Withdrawn, or over because the person, a branch or the tenant went.
  ended_at timestamptz,
  ended_by text,
  end_reason text check (btrim(end_reason) <> ''),
  check (from_branch <> to_branch),
  check (num_nulls(ended_at, ended_by, end_reason) in (0, 3))
);
create index referral_open on wardkeep.referral (tenant, subject) where ended_at is null;
comment on table wardkeep.referral is 'Referrals: which person of which branch is shown to which other one, which tables, on what basis, until when, and how it ended.';

create table wardkeep.move (
  id uuid primary key default gen_random_uuid(),
  tenant text not null,
  from_branch text not null,
  to_branch text not null,
  -- Null: all of the branch, which was closed.
  subject text,
  reason text not null check (btrim(reason) <> ''),
  moved_by text not null,
  moved_as text not null,
  moved_at timestamptz not null default clock_timestamp(),
  -- How many rows of which table.
  rows jsonb not null
);
create index move_tenant on wardkeep.move (tenant, moved_at);
comment on table wardkeep.move is 'Persons and branches that were moved into another branch: by whom, why, and how many rows of which table.';

alter table wardkeep.referral enable row level security;
alter table wardkeep.move enable row level security;

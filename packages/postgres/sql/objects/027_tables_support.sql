create table wardkeep.support (
  id uuid primary key default gen_random_uuid(),
  tenant text not null,
  -- Null: every branch.
  branch text,
  -- The named person of the vendor, and nobody else.
  actor text not null check (actor <> ''),
  reason text not null check (btrim(reason) <> ''),
  -- Null where the clinic allowed it; else the code with which the vendor went in without.
  code text,
  allowed_by text not null,
  allowed_as text not null,
  allowed_at timestamptz not null default clock_timestamp(),
  valid_until timestamptz not null,
  opened_at timestamptz,
  -- By a statement of the clinic, which is its review too; a session that nobody ends ends with its minutes.
  ended_at timestamptz,
  ended_by text,
  end_note text check (btrim(end_note) <> ''),
  check (allowed_by <> actor or code is not null),
  check (num_nulls(ended_at, ended_by, end_note) in (0, 3))
);
create index support_tenant on wardkeep.support (tenant, allowed_at);
-- One without the clinic's word waits for the clinic's word before the next.
create unique index support_once on wardkeep.support (actor, tenant) where code is not null and ended_at is null;
comment on table wardkeep.support is 'Support sessions: which person of the vendor, in which branches, why, by whose word, until when, and who ended it.';

alter table wardkeep.support enable row level security;

create table wardkeep.break_glass (
  id uuid primary key default gen_random_uuid(),
  tenant text not null,
  -- Whose rows are shown, of one subject only.
  branch text not null,
  subject text not null check (subject <> ''),
  reason text not null,
  explanation text not null check (btrim(explanation) <> ''),
  declared_by text not null,
  declared_as text not null,
  session_id uuid not null,
  declared_at timestamptz not null default clock_timestamp(),
  valid_until timestamptz not null,
  opened_at timestamptz,
  -- The session it was opened in last: another one than that of the declaration when somebody was locked out meanwhile.
  opened_in uuid,
  -- When its tenant went, and with it whoever could review it.
  closed_at timestamptz,
  reviewed_at timestamptz,
  reviewed_by text,
  verdict text check (verdict in ('justified', 'not_justified')),
  review_note text check (btrim(review_note) <> ''),
  check (reviewed_by <> declared_by),
  check (num_nulls(reviewed_at, reviewed_by, verdict, review_note) in (0, 4))
);
create index break_glass_unreviewed on wardkeep.break_glass (tenant) where reviewed_at is null and closed_at is null;
-- Two declarations at the same moment wait for each other here, and for nobody else.
create unique index break_glass_once on wardkeep.break_glass (declared_by, tenant, subject)
  where reviewed_at is null and closed_at is null;
comment on table wardkeep.break_glass is 'Emergencies: who asked to see which subject in which branch, why, until when, and what the review said.';

alter table wardkeep.break_glass enable row level security;

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

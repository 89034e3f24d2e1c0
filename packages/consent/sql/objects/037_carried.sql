-- A person who moves to another branch takes the ledger along, and no event is rewritten: what was said in the branch of then
-- stays under it, and a row here says that it is about the person of the new branch.
create table wardkeep_consent.carried (
  tenant text not null,
  branch text not null,
  subject text not null,
  -- The event of the new branch that says so has the same instant: what the key's next owner gets is not carried.
  at timestamptz not null,
  was_branch text not null,
  -- The events of the branch of then that are about this person, both ends included.
  after timestamptz not null,
  upto timestamptz not null,
  xid xid8 not null default pg_current_xact_id(),
  primary key (tenant, branch, subject, at, was_branch, upto)
);
comment on table wardkeep_consent.carried is
  'Which events of another branch are about a person who was moved: from there, and from wherever the person was before. Rows are added, never changed.';
alter table wardkeep_consent.carried enable row level security;

-- `here`: the branch where the person is, or was last; `branch` stays the one in which it was said.
create view wardkeep_consent.of_person as
  select r.branch as here, e.*
    from wardkeep_consent.reach r
    join wardkeep_consent.event e on e.tenant = r.tenant and e.branch = r.branch and e.subject = r.subject and e.at >= r.since
  union all
  select r.branch, e.*
    from wardkeep_consent.reach r
    join wardkeep_consent.carried c on c.tenant = r.tenant and c.branch = r.branch and c.subject = r.subject and c.at >= r.since
    join wardkeep_consent.event e on e.tenant = c.tenant and e.branch = c.was_branch and e.subject = c.subject and e.at between c.after and c.upto;
comment on view wardkeep_consent.of_person is
  'Events of the ledger by the branch where the person is now, those of earlier branches included; not those of whoever had the key before.';

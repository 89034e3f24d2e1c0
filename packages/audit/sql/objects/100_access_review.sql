-- Accesses that nothing explained when somebody looked. A row is no verdict: it says that the question was asked.
create table wardkeep_audit.access_queue (
  tenant text not null,
  branch text,
  -- The event's number; of one that restates another after an erasure, that one's.
  access bigint not null,
  subject text not null,
  queued_at timestamptz not null default clock_timestamp(),
  queued_by text not null,
  primary key (access, subject)
);
create index access_queue_subject on wardkeep_audit.access_queue (tenant, subject);
comment on table wardkeep_audit.access_queue is 'Accesses to a person''s rows that were found unexplained, each once. Rows are added only; an erasure of the person takes them away.';

create table wardkeep_audit.access_review (
  id bigint generated always as identity primary key,
  tenant text not null,
  branch text,
  -- What is decided once: an access to one person, or a rule with the events it rests on.
  about text not null,
  rule text not null,
  -- Null where it is about an alert.
  access bigint,
  subject text,
  -- Whose access it was.
  actor text not null,
  outcome text not null check (outcome in ('legitimate', 'not_legitimate', 'forwarded')),
  reason text not null check (btrim(reason) <> ''),
  reviewed_by text not null,
  reviewed_as text not null,
  session uuid not null,
  reviewed_at timestamptz not null default clock_timestamp(),
  check (reviewed_by <> actor),
  check ((access is null) = (subject is null))
);
-- Two decisions at the same moment wait for each other here.
create unique index access_review_once on wardkeep_audit.access_review (tenant, about) where outcome <> 'forwarded';
create index access_review_by on wardkeep_audit.access_review (tenant, reviewed_by, reviewed_at);
create index access_review_subject on wardkeep_audit.access_review (tenant, subject);
comment on table wardkeep_audit.access_review is 'What reviews of accesses and alerts said, and who said it. Rows are added only, and each is an event of the log; an erasure of the person takes theirs away.';

alter table wardkeep_audit.access_queue enable row level security;
alter table wardkeep_audit.access_review enable row level security;

create function wardkeep_audit.access_reviewer() returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
begin
  -- A context for some persons only is never a reviewer's, whatever its role is called.
  if me.subjects is not null or not coalesce(wardkeep_audit.detection() -> 'reviewedBy' ? me.role, false) then
    raise exception 'this role does not review accesses' using errcode = 'WK435';
  end if;
  return me;
end
$$;
comment on function wardkeep_audit.access_reviewer() is 'Internal: the token in force, if its role reviews accesses. Fails with WK1xx, WK435.';

create function wardkeep_audit.holds_tenant(c wardkeep.token) returns boolean
  language sql stable
  return not exists (select from wardkeep.known_branch k where k.tenant = (c).tenant and k.branch <> all ((c).branches));
comment on function wardkeep_audit.holds_tenant(wardkeep.token) is
  'Internal: whether a context reaches every branch of its tenant; what was done in several branches at once is shown to such a one only.';

create function wardkeep_audit.is_access(verb text, relation text, detail text) returns boolean
  language sql immutable parallel safe
  return relation <> 'wardkeep_audit.event'
    -- By the member: the same text is written with blanks by one function and without by another.
    and (verb = 'view' or verb in ('download', 'print', 'export', 'share') and coalesce(detail::json ->> 'phase' in ('begun', 'signed'), detail is null));
comment on function wardkeep_audit.is_access(text, text, text) is
  'Internal: whether an event is an access: a view, or the beginning of what leaves; how that ended is none.';

create function wardkeep_audit.access_id(verb text, detail text, id bigint) returns bigint
  -- Without SET, so that it becomes a part of the query: called once per event of a month, it cost more than all the rest.
  language sql immutable
  return case when verb = 'view' and detail like '%"restates"%' then coalesce((detail::json ->> 'restates')::bigint, id) else id end;
comment on function wardkeep_audit.access_id(text, text, bigint) is
  'Internal: the number of an access, which an erasure of somebody else beside the person does not change.';

create function wardkeep_audit.persons_of(verb text, detail text, subject text) returns text[]
  -- Without SET, as access_id(); most events name one person at most, and are not opened.
  language sql immutable
  return case when detail like '%"subjects"%' then coalesce(wardkeep_audit.subjects_of(verb, detail), array[subject]) else array[subject] end;
comment on function wardkeep_audit.persons_of(text, text, text) is 'Internal: whom an event is about; of an event about nobody in particular, null alone.';

create function wardkeep_audit.is_within(branch text, held text[], has_all boolean) returns boolean
  -- Without SET, as access_id().
  language sql immutable
  return branch = any (held) or branch is null and has_all;
comment on function wardkeep_audit.is_within(text, text[], boolean) is
  'Internal: whether an event is of a reviewer''s own branches; one of several branches at once is so for whoever holds the tenant.';

create function wardkeep_audit.require_window(from_at timestamptz, to_at timestamptz, why text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if from_at is null or to_at is null or not isfinite(from_at) or not isfinite(to_at) or from_at >= to_at or to_at - from_at > interval '31 days' then
    raise exception 'a window has a beginning and a later end, at most 31 days apart' using errcode = 'WK438';
  end if;
  if coalesce(btrim(why), '') = '' or length(why) > 2000 then
    raise exception 'reading the audit log needs a reason of at most 2,000 characters' using errcode = 'WK438', hint = 'Say why; it is recorded.';
  end if;
end
$$;
comment on function wardkeep_audit.require_window(timestamptz, timestamptz, text) is 'Internal: fails with WK438.';

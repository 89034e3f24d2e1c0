-- GiST compares ranges without the extension btree_gist, which an administrator may not be able to install: a key becomes
-- the range of one number, its hash, and no key the range of all numbers. Two keys with one hash would refuse, not admit.
create function wardkeep.key_range(value text) returns int8range
  language sql immutable parallel safe
  return case when value is null then int8range(null, null)
              else int8range(hashtextextended(value, 0) >> 1, hashtextextended(value, 0) >> 1, '[]') end;
comment on function wardkeep.key_range(text) is 'Internal: a text in an exclusion constraint; null overlaps every text.';

create table wardkeep.assignment (
  id uuid primary key default gen_random_uuid(),
  actor text not null check (actor <> ''),
  tenant text not null check (tenant <> ''),
  role text not null,
  -- One of them, or neither: the whole tenant.
  branch text,
  branch_group text,
  -- Whom a confined role reaches.
  subject text check (subject <> ''),
  valid_from timestamptz not null,
  valid_until timestamptz,
  reason text not null check (btrim(reason) <> ''),
  granted_by text not null,
  granted_as text not null,
  granted_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz,
  revoked_by text,
  revoke_reason text,
  check (num_nonnulls(branch, branch_group) <= 1),
  check (valid_until > valid_from),
  check (granted_by <> actor),
  check (num_nulls(revoked_at, revoked_by, revoke_reason) in (0, 3)),
  constraint assignment_overlap exclude using gist (
    wardkeep.key_range(actor) with =,
    wardkeep.key_range(tenant) with =,
    wardkeep.key_range(role) with =,
    wardkeep.key_range(coalesce('b' || branch, 'g' || branch_group)) with &&,
    wardkeep.key_range(subject) with &&,
    tstzrange(valid_from, valid_until) with &&
  ) where (revoked_at is null)
);
create index assignment_actor on wardkeep.assignment (actor) where revoked_at is null;
create index assignment_tenant on wardkeep.assignment (tenant);
comment on table wardkeep.assignment is 'Who holds which role where, from when until when, by whom and why. Rows are added and revoked, never changed or removed.';

-- A row takes something from a role in one tenant. There is no row that gives.
create table wardkeep.narrowing (
  tenant text not null,
  role text not null,
  what text not null check (what ~ '^(role|purpose [a-z_][a-z0-9_]*|(create|read|update|delete) [a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*)$'),
  reason text not null check (btrim(reason) <> ''),
  narrowed_by text not null,
  narrowed_at timestamptz not null default clock_timestamp(),
  primary key (tenant, role, what)
);
comment on table wardkeep.narrowing is 'What a tenant took from a role: the whole role, a purpose, or an action on a table.';

alter table wardkeep.assignment enable row level security;
alter table wardkeep.narrowing enable row level security;

create function wardkeep.keep_history() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE' and tg_table_name = 'assignment' then
    if old.revoked_at is null and new.revoked_at is not null
       and to_jsonb(old) - '{revoked_at,revoked_by,revoke_reason}'::text[] = to_jsonb(new) - '{revoked_at,revoked_by,revoke_reason}'::text[] then
      return new;
    end if;
    -- Whose data was destroyed is named no more; that somebody had the role stays.
    if old.revoked_at is not null and old.subject is not null and new.subject like 'destroyed %'
       and to_jsonb(old) - 'subject' = to_jsonb(new) - 'subject' then
      return new;
    end if;
  end if;
  if tg_op = 'DELETE' and tg_table_name = 'activity' then
    -- What comes with every login and job, and no decision about anybody's access; forget_sessions takes it away.
    if old.kind in ('session_issued', 'service_issued', 'session_ended', 'lookup') and old.at < now() - interval '1 year' then
      return old;
    end if;
  end if;
  raise exception '% is a record: rows are added, never changed or removed', tg_table_name using errcode = '42501';
end
$$;
comment on function wardkeep.keep_history() is 'Trigger: what was recorded stays. An assignment may be revoked once, and then lose whom it was for; logins of more than a year ago may be forgotten.';

create trigger assignment_history before update or delete on wardkeep.assignment for each row execute function wardkeep.keep_history();
create trigger assignment_emptied before truncate on wardkeep.assignment for each statement execute function wardkeep.keep_history();
create trigger activity_history before update or delete on wardkeep.activity for each row execute function wardkeep.keep_history();
create trigger activity_emptied before truncate on wardkeep.activity for each statement execute function wardkeep.keep_history();

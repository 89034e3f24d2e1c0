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
create table wardkeep.aggregate_agreement (
  id uuid primary key default gen_random_uuid(),
  tenant text not null,
  aggregate text not null,
  -- What was agreed to. Other figures of the same name need another word.
  definition jsonb not null,
  agreed_by text not null,
  agreed_as text not null,
  agreed_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  ended_by text,
  end_reason text check (btrim(end_reason) <> ''),
  check (num_nulls(ended_at, ended_by, end_reason) in (0, 3))
);
create unique index aggregate_agreement_once on wardkeep.aggregate_agreement (tenant, aggregate) where ended_at is null;
comment on table wardkeep.aggregate_agreement is 'Which clinic agreed that which figures count it, who said so, and how it ended.';

-- A table's month is released once, whatever the figures are called then: two releases of the same rows could be subtracted.
create table wardkeep.aggregate_release (
  id uuid primary key default gen_random_uuid(),
  aggregate text not null,
  relation text not null,
  month date not null,
  definition jsonb not null,
  released_by text not null,
  released_at timestamptz not null default clock_timestamp(),
  unique (relation, month)
);
comment on table wardkeep.aggregate_release is 'Months whose figures were published, under which rules.';

create table wardkeep.aggregate_figure (
  release uuid not null references wardkeep.aggregate_release,
  -- Empty: all of the month.
  cell text not null,
  -- Null: suppressed.
  value numeric,
  primary key (release, cell)
);
comment on table wardkeep.aggregate_figure is 'What the vendor may read: rounded figures over clinics, null where one is suppressed.';

create table wardkeep.aggregate_contribution (
  relation text not null,
  month date not null,
  tenant text not null,
  cell text not null,
  aggregate text not null,
  agreement uuid not null references wardkeep.aggregate_agreement,
  persons bigint not null,
  value numeric not null,
  -- The largest part of it that is of one person, without its sign.
  largest numeric not null,
  counted_at timestamptz not null default clock_timestamp(),
  -- Null: not released yet, and gone when the clinic withdraws.
  release uuid references wardkeep.aggregate_release,
  primary key (relation, month, tenant, cell)
);
create index aggregate_contribution_tenant on wardkeep.aggregate_contribution (tenant, aggregate);
comment on table wardkeep.aggregate_contribution is 'What one clinic adds to a figure. Read by the release and by that clinic, by nobody else.';

alter table wardkeep.aggregate_agreement enable row level security;
alter table wardkeep.aggregate_release enable row level security;
alter table wardkeep.aggregate_figure enable row level security;
alter table wardkeep.aggregate_contribution enable row level security;
-- Says why there is no context. Slow path only; reads the token table to tell expired from unknown from another role.
-- STABLE although it raises: the accelerated strategy inlines it into policies.
create function wardkeep.refuse() returns text
  language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$
declare
  given text := current_setting('wardkeep.token', true);
  found_row wardkeep.token;
begin
  if coalesce(given, '') = '' then
    raise exception 'no context' using errcode = 'WK101', hint = 'Call inside wk.run(session, ...).';
  end if;
  if given !~ '^[a-z0-9]{47}$' then
    raise exception 'the context is malformed' using errcode = 'WK112';
  end if;
  select t.* into found_row from wardkeep.token t where t.digest = sha256(convert_to(given, 'UTF8'));
  if not found then
    raise exception 'the context is unknown or was revoked' using errcode = 'WK102', hint = 'Sign in again.';
  end if;
  if found_row.valid_until <= statement_timestamp() or found_row.valid_from > statement_timestamp() then
    raise exception 'the context has expired or is not valid yet' using errcode = 'WK102', hint = 'Sign in again.';
  end if;
  if found_row.db_role is distinct from current_setting('role') then
    raise exception 'the role in force is not the role of the context' using errcode = 'WK107';
  end if;
  raise exception 'the branch is not part of this context' using errcode = 'WK105';
end
$$;
comment on function wardkeep.refuse() is 'Raises WK101, WK102, WK105, WK107 or WK112; never returns.';

-- A statement gets its privileges checked as the role that planned it; set_config('role') inside it could then satisfy the
-- fence as another one. IMMUTABLE on purpose: folded when planned, and plans under row security are made again per role.
create function wardkeep.planned_as() returns text
  language plpgsql immutable parallel safe
as $$
begin
  return current_user;
end
$$;
comment on function wardkeep.planned_as() is 'Internal, for policies only: the role whose privileges the running statement was planned with.';

create function wardkeep.refuse(planned text) returns text
  language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if planned is distinct from current_setting('role') and planned is distinct from current_user then
    raise exception 'the role in force is not the role that the statement began with' using errcode = 'WK107';
  end if;
  return wardkeep.refuse();
end
$$;
comment on function wardkeep.refuse(text) is 'Raises WK107 when the role was switched inside the statement, else as refuse().';

create function wardkeep.refuse_session() returns boolean
  language plpgsql stable parallel restricted set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'the state of this connection was changed' using errcode = 'WK109',
    hint = 'The connection is destroyed; the statement did not run.';
end
$$;
comment on function wardkeep.refuse_session() is 'Raises WK109; called by the client''s prologue when a setting is not what the client left.';
-- The two functions that policies call. plpgsql, because its plan is cached on 15 to 18 alike; every name qualified,
-- because a SET clause costs 2 us a call and an unqualified name could be shadowed. `planned` is planned_as() in policies;
-- the owner's own functions (triggers of ours) are planned as the owner and work in the caller's context.
create function wardkeep.branches(planned text) returns text[]
  language plpgsql stable parallel restricted security definer
as $$
declare
  r pg_catalog.text[];
begin
  select case
           when coalesce(pg_catalog.current_setting('wardkeep.branch', true), '') operator(pg_catalog.=) '' then t.branches
           when pg_catalog.current_setting('wardkeep.branch', true) operator(pg_catalog.=) any (t.branches)
             then array[pg_catalog.current_setting('wardkeep.branch', true)]
         end
    into r from wardkeep.token t
   where t.digest operator(pg_catalog.=) pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.current_setting('wardkeep.token', true), 'UTF8'))
     and t.db_role operator(pg_catalog.=) pg_catalog.current_setting('role')
     and (planned operator(pg_catalog.=) t.db_role or planned operator(pg_catalog.=) current_user::pg_catalog.text)
     and t.valid_until operator(pg_catalog.>) pg_catalog.statement_timestamp()
     and t.valid_from operator(pg_catalog.<=) pg_catalog.statement_timestamp();
  if r is null then
    perform wardkeep.refuse(planned);
  end if;
  return r;
end
$$;
comment on function wardkeep.branches(text) is 'The branches of the verified context, or the one the client narrowed to. Fails with WK1xx.';

-- For tables none of whose indexes holds the branch without the tenant: there the tenant is asked first, and raises. Never
-- raises itself for a role: a term that fails only when it meets a row tells a context that changed between two scans of
-- one statement that the row is there.
create function wardkeep.held_branches(planned text) returns text[]
  language plpgsql stable parallel restricted security definer
as $$
declare
  r pg_catalog.text[];
begin
  select case
           when coalesce(pg_catalog.current_setting('wardkeep.branch', true), '') operator(pg_catalog.=) '' then t.branches
           when pg_catalog.current_setting('wardkeep.branch', true) operator(pg_catalog.=) any (t.branches)
             then array[pg_catalog.current_setting('wardkeep.branch', true)]
         end
    into r from wardkeep.token t
   where t.digest operator(pg_catalog.=) pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.current_setting('wardkeep.token', true), 'UTF8'))
     and t.db_role operator(pg_catalog.=) pg_catalog.current_setting('role')
     and (planned operator(pg_catalog.=) t.db_role or planned operator(pg_catalog.=) current_user::pg_catalog.text)
     and t.valid_until operator(pg_catalog.>) pg_catalog.statement_timestamp()
     and t.valid_from operator(pg_catalog.<=) pg_catalog.statement_timestamp();
  -- The owner may read every row anyway; for migrations silence would be the danger.
  if r is null and planned operator(pg_catalog.=) current_user::pg_catalog.text then
    perform wardkeep.refuse(planned);
  end if;
  return r;
end
$$;
comment on function wardkeep.held_branches(text) is 'The branches of the verified context, or null. For policies, behind the tenant.';

create function wardkeep.tenant(planned text) returns text
  language plpgsql stable parallel restricted security definer
as $$
declare
  r pg_catalog.text;
begin
  select t.tenant into r from wardkeep.token t
   where t.digest operator(pg_catalog.=) pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.current_setting('wardkeep.token', true), 'UTF8'))
     and t.db_role operator(pg_catalog.=) pg_catalog.current_setting('role')
     and (planned operator(pg_catalog.=) t.db_role or planned operator(pg_catalog.=) current_user::pg_catalog.text)
     and (coalesce(pg_catalog.current_setting('wardkeep.branch', true), '') operator(pg_catalog.=) ''
          or pg_catalog.current_setting('wardkeep.branch', true) operator(pg_catalog.=) any (t.branches))
     and t.valid_until operator(pg_catalog.>) pg_catalog.statement_timestamp()
     and t.valid_from operator(pg_catalog.<=) pg_catalog.statement_timestamp();
  if r is null then
    perform wardkeep.refuse(planned);
  end if;
  return r;
end
$$;
comment on function wardkeep.tenant(text) is 'The tenant of the verified context. Fails with WK1xx.';

create function wardkeep.branches() returns text[]
  language sql stable parallel restricted
  return wardkeep.branches(current_setting('role'));
comment on function wardkeep.branches() is 'The branches of the verified context, for statements of the host. Fails with WK1xx.';

create function wardkeep.tenant() returns text
  language sql stable parallel restricted
  return wardkeep.tenant(current_setting('role'));
comment on function wardkeep.tenant() is 'The tenant of the verified context, for defaults and statements of the host. Fails with WK1xx.';

create function wardkeep.strategy() returns text
  language sql immutable parallel safe
  return 'portable';
comment on function wardkeep.strategy() is 'Which strategy verifies the context: portable or accelerated.';
create function wardkeep.verified() returns wardkeep.token
  language plpgsql stable parallel restricted security definer
as $$
declare
  r wardkeep.token := wardkeep.held(pg_catalog.current_setting('role'));
begin
  if r.tenant is null then
    perform wardkeep.refuse();
  end if;
  return r;
end
$$;
comment on function wardkeep.verified() is 'The row of the token in force, checked against role and time. Internal: fails with WK1xx.';

create function wardkeep.actor() returns text
  language sql stable parallel restricted security definer
  return (wardkeep.verified()).actor;
comment on function wardkeep.actor() is 'Who acts, from the verified context. Fails with WK1xx.';

create function wardkeep.role_name() returns text
  language sql stable parallel restricted security definer
  return (wardkeep.verified()).role;
comment on function wardkeep.role_name() is 'As which role of the policy file, from the verified context. Fails with WK1xx.';

create function wardkeep.purpose() returns text
  language sql stable parallel restricted security definer
  return (wardkeep.verified()).purpose;
comment on function wardkeep.purpose() is 'For which purpose, from the verified context. Fails with WK1xx.';

create function wardkeep.session_id() returns uuid
  language sql stable parallel restricted security definer
  return (wardkeep.verified()).session_id;
comment on function wardkeep.session_id() is 'In which session, from the verified context. Fails with WK1xx.';

create function wardkeep.mfa_at() returns timestamptz
  language sql stable parallel restricted security definer
  return (wardkeep.verified()).mfa_at;
comment on function wardkeep.mfa_at() is 'When the second factor was last given, or null. Fails with WK1xx.';

create function wardkeep.request_id() returns text
  language sql stable parallel restricted
  return nullif(current_setting('wardkeep.request', true), '');
comment on function wardkeep.request_id() is 'The request id the client claims: a label, not evidence.';

-- Every name qualified instead of a SET clause: a plan is made for one search_path, and the default of a branch column and the
-- fence behind it ask through the same function. Under two paths each INSERT would have it planned twice anew.
create function wardkeep.branch() returns text
  language plpgsql stable parallel restricted
as $$
declare
  held pg_catalog.text[] := wardkeep.branches();
begin
  if pg_catalog.cardinality(held) operator(pg_catalog.<>) 1 then
    raise exception 'the context has several branches' using errcode = 'WK106',
      hint = 'Name the branch in the statement, or narrow the context to one.';
  end if;
  return held[1];
end
$$;
comment on function wardkeep.branch() is 'The one branch of the context; the default of branch columns. Fails with WK106 when there are several.';
-- For policies on tables that confined roles reach. By default it answers null where the context does not hold, behind the
-- tenant, which raises: a term that fails only when it meets a row tells that the row is there. Where an index could ask
-- for the subject alone it raises itself.
create function wardkeep.subjects(planned text, asked_alone boolean) returns text[]
  language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$
declare
  t wardkeep.token;
begin
  if planned is distinct from current_setting('role') then
    perform wardkeep.refuse(planned);
  end if;
  t := wardkeep.verified();
  return t.subjects;
exception when sqlstate 'WK101' or sqlstate 'WK102' or sqlstate 'WK105' or sqlstate 'WK107' or sqlstate 'WK112' then
  if asked_alone then
    raise;
  end if;
  return null;
end
$$;
comment on function wardkeep.subjects(text, boolean) is
  'The subjects that the verified context reaches, or null. For policies of confined roles. Fails with WK1xx.';

create function wardkeep.permitted_tenant(planned text, what text) returns text
  language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$
declare
  t wardkeep.token;
begin
  if planned is distinct from current_setting('role') and planned is distinct from current_user then
    perform wardkeep.refuse(planned);
  end if;
  t := wardkeep.verified();
  return case when what <> all (t.denied) then t.tenant end;
end
$$;
comment on function wardkeep.permitted_tenant(text, text) is
  'The tenant of the verified context, or null where it took this action on this table from the role. For policies. Fails with WK1xx.';

create function wardkeep.taken() returns text[]
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified();
begin
  return array(select what from unnest(me.denied) u(what) order by what collate "C");
end
$$;
comment on function wardkeep.taken() is
  'What the tenant took from the role of the verified context, such as {delete public.invoice}; for menus. Fails with WK1xx.';
-- What the conditions of a cell ask; written like the functions of the fence, and for the same reasons. `held` never raises:
-- a condition that fails only when it meets a row tells that the row is there (docs/adr/0007).
-- The condition itself. Neither definer nor plpgsql, so that it becomes a part of the owner's statement that asks it; whoever
-- else calls it may not read the table.
create function wardkeep.in_force() returns setof wardkeep.token
  language sql stable parallel restricted
begin atomic
  select t.* from wardkeep.token t
   where t.digest operator(pg_catalog.=) pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.current_setting('wardkeep.token', true), 'UTF8'))
     and t.db_role operator(pg_catalog.=) pg_catalog.current_setting('role')
     and t.valid_until operator(pg_catalog.>) pg_catalog.statement_timestamp()
     and t.valid_from operator(pg_catalog.<=) pg_catalog.statement_timestamp();
end;
comment on function wardkeep.in_force() is 'Internal, for statements of the owner''s functions: the row of the token in force, or none.';

create function wardkeep.held(planned text) returns wardkeep.token
  language plpgsql stable parallel restricted security definer
as $$
declare
  r wardkeep.token;
begin
  select t.* into r from wardkeep.in_force() t
   where planned operator(pg_catalog.=) t.db_role or planned operator(pg_catalog.=) current_user::pg_catalog.text;
  return r;
end
$$;
comment on function wardkeep.held(text) is 'The row of the token in force, or nulls. For conditions in policies, behind the tenant.';

-- Stands beside the tenant of the fence as a second equality of the same column: PostgreSQL makes both one test that is
-- asked before the first row, so a refusal depends on no row.
create function wardkeep.tenant_for(planned text, purposes text[], mfa_seconds integer, asked_at timestamptz) returns text
  language plpgsql stable parallel restricted security definer
as $$
declare
  t wardkeep.token := wardkeep.held(planned);
begin
  if t.tenant is null then
    perform wardkeep.refuse(planned);
  end if;
  if purposes is not null and t.purpose operator(pg_catalog.<>) all (purposes) then
    raise exception 'allowed for the purpose % only', pg_catalog.array_to_string(purposes, ' or ') using errcode = 'WK205',
      hint = 'Name the purpose, if the session holds it: wk.run(session, { purpose }, ...).';
  end if;
  if mfa_seconds is not null and (t.mfa_at is null
     or t.mfa_at operator(pg_catalog.<) (asked_at operator(pg_catalog.-) pg_catalog.make_interval(secs => mfa_seconds))
     -- The clock of the host may be a little ahead.
     or t.mfa_at operator(pg_catalog.>) (asked_at operator(pg_catalog.+) pg_catalog.make_interval(secs => 60))) then
    raise exception 'a second factor not older than % seconds is needed', mfa_seconds using errcode = 'WK204',
      hint = 'Ask for the second factor again, issue the session anew, then repeat the request.';
  end if;
  return t.tenant;
end
$$;
comment on function wardkeep.tenant_for(text, text[], integer, timestamptz) is
  'The tenant of the verified context, when it has one of the purposes and a second factor that is not older. Fails with WK1xx, WK204 or WK205.';

create function wardkeep.group_branches(planned text, group_name text) returns text[]
  language plpgsql stable parallel restricted security definer
as $$
declare
  t wardkeep.token := wardkeep.held(planned);
begin
  return (select g.branches from wardkeep.branch_group g
           where g.tenant operator(pg_catalog.=) t.tenant and g.name operator(pg_catalog.=) group_name);
end
$$;
comment on function wardkeep.group_branches(text, text) is 'The branches of a named group of the verified tenant, or null. For conditions in policies.';
create table wardkeep.policy_purpose (
  name text not null,
  -- What it waits for before it reaches a person: nothing, that nobody objected, or a yes.
  wall text not null check (wall in ('none', 'objection', 'consent')),
  -- Whether somebody may say yes for a child.
  children text not null check (children in ('parent', 'forbidden')),
  -- Of a row about a person; what the bits above 31 say ends with time. Never given to another purpose.
  bit integer not null check (case wall when 'none' then bit = 0 when 'objection' then bit between 1 and 31 else bit between 32 and 62 end),
  in_force boolean not null,
  primary key (name, wall)
);
create unique index policy_purpose_bit on wardkeep.policy_purpose (bit) where bit > 0;
comment on table wardkeep.policy_purpose is 'Purposes of the policy file and the bit of each; written when the policy is applied.';
alter table wardkeep.policy_purpose enable row level security;

-- Null where the context does not hold, behind the tenant, which raises: see 110_confined.sql.
create function wardkeep.consent_mask(planned text) returns bigint
  language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$
declare
  t wardkeep.token := wardkeep.held(planned);
begin
  return (select 1::bigint << p.bit from wardkeep.policy_purpose p where p.name = t.purpose and p.in_force);
end
$$;
comment on function wardkeep.consent_mask(text) is
  'The bit that a row about a person must have under the purpose of the verified context, or null. For policies.';
-- Who decides about an actor or a tenant waits for whoever decides about them already, by locks on rows that no login of
-- the application can reach. Not advisory locks: any login may take those, whatever their number, and pg_locks shows them.
--
-- The order of locks, for every function that takes them:
--   1. signing_key: a request of the issuer shares the row of its key; apply holds the table (policy_alone).
--   2. turn: the actor everywhere (''), then the actor in a tenant; then 3. that tenant; several tenants in their order.
--   3. known_tenant: shared by whoever issues; kept by whoever grants or declares; alone for narrowing, groups and branches;
--      held against all of them by its own end. The owner's work does not lock it.
--   4. assignment, 5. break_glass, then referral, then support, 6. session: by id. 7. token: by digest.
--   8. aggregate_agreement, then aggregate_contribution: a release holds both tables.
-- Two of these calls in one transaction, or a host's DELETE of several tenants or branches, which takes them one by one, can
-- still come the other way round: PostgreSQL ends one side with 40P01, and the issuer asks again.
create table wardkeep.turn (
  actor text not null,
  -- Empty: what the issuer decides about the actor everywhere. The application's functions lock within their tenant only.
  tenant text not null,
  primary key (actor, tenant)
);
comment on table wardkeep.turn is 'Rows that are locked while something is decided about an actor. They hold no fact.';
alter table wardkeep.turn enable row level security;

create function wardkeep.alone(actor text, tenant text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  -- Again where the row was forgotten while it was waited for.
  loop
    insert into wardkeep.turn as t (actor, tenant) values (coalesce(alone.actor, ''), coalesce(alone.tenant, '')) on conflict do nothing;
    perform from wardkeep.turn t where t.actor = coalesce(alone.actor, '') and t.tenant = coalesce(alone.tenant, '') for update;
    exit when found;
  end loop;
end
$$;
comment on function wardkeep.alone(text, text) is
  'Internal: waits until nobody else decides about this actor in this tenant; with an empty tenant, until no session is issued or ended.';

create function wardkeep.beside(actor text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  loop
    insert into wardkeep.turn as t (actor, tenant) values (beside.actor, '') on conflict do nothing;
    perform from wardkeep.turn t where t.actor = beside.actor and t.tenant = '' for share;
    exit when found;
  end loop;
end
$$;
comment on function wardkeep.beside(text) is 'Internal: waits for whoever ends this actor''s sessions, and lets others issue.';

create function wardkeep.tenant_alone(name text) returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform from wardkeep.known_tenant k where k.tenant = tenant_alone.name for no key update;
  return found;
end
$$;
comment on function wardkeep.tenant_alone(text) is
  'Internal: waits until no token of this tenant is being issued, and holds off the next; false where there is no such tenant.';

create function wardkeep.tenant_beside(name text) returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform from wardkeep.known_tenant k where k.tenant = tenant_beside.name for share;
  return found;
end
$$;
comment on function wardkeep.tenant_beside(text) is
  'Internal: waits for whoever changes this tenant, and lets others issue; false where there is no such tenant. Read its branches afterwards.';

create function wardkeep.tenant_kept(name text) returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform from wardkeep.known_tenant k where k.tenant = tenant_kept.name for key share;
  return found;
end
$$;
comment on function wardkeep.tenant_kept(text) is
  'Internal: holds off the end of this tenant and nothing else, so that it finds what is written now; false where there is no such tenant.';

-- The table and no row made for it: each request shares the row of its key anyway, so issuing pays nothing, and a key that
-- is added meanwhile waits too. Tables have a queue; on a row, people who sign in without a pause would pass apply for ever.
create function wardkeep.policy_alone() returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform wardkeep.require_read_committed();
  lock table wardkeep.signing_key in exclusive mode;
end
$$;
comment on function wardkeep.policy_alone() is
  'Internal: waits for sessions that are issued under the policy in force, whose tokens the next statement sees, and holds off others until the new one is there. Fails with WK009.';

create function wardkeep.hold_access(of_actor text, in_tenant text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform from wardkeep.assignment a
    where a.actor = of_actor and (in_tenant is null or a.tenant = in_tenant) and a.revoked_at is null order by a.id for update;
  if in_tenant is null then
    perform from wardkeep.support s where s.actor = of_actor and s.ended_at is null order by s.id for update;
    perform from wardkeep.session s where s.actor = of_actor and s.ended_at is null order by s.id for update;
  end if;
  perform from wardkeep.token t
    where t.actor = of_actor and (in_tenant is null or t.tenant = in_tenant) order by t.digest for update;
end
$$;
comment on function wardkeep.hold_access(text, text) is
  'Internal: locks what an actor holds in one tenant, or everywhere with the sessions, in the one order, before any of it is taken away.';
-- Under an older snapshot what has just been granted, taken away or issued would not be seen, and live on.
create function wardkeep.require_read_committed() returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'access is given and ended under READ COMMITTED only' using errcode = 'WK009',
      hint = 'Set the isolation level of this transaction, login or database to read committed.';
  end if;
end
$$;
comment on function wardkeep.require_read_committed() is 'Internal: fails with WK009 under any other isolation level.';

-- A time without a zone means what the session's TimeZone says, and from 18 on even "Z" can be redefined there
-- (set timezone = '<Z>-14'): whoever holds the issuer's connection could make an old request young.
create function wardkeep.instant(value text) returns timestamptz
  language plpgsql stable parallel safe set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
begin
  if value !~ '^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$' then
    raise exception 'a time in a request is not ISO 8601 with a zone' using errcode = 'WK202';
  end if;
  return value::timestamptz;
end
$$;
comment on function wardkeep.instant(text) is 'Internal: a time of a request, whatever the time zone of the session; null stays null. Fails with WK202.';

-- The log tells by the name that nobody sat there: a person called so would put their own deeds down to a service.
create function wardkeep.names_person(actor text) returns boolean
  language sql immutable parallel safe set search_path = pg_catalog, pg_temp
return actor <> '' and actor !~ '^(service|backfill|audit|owner|login|wardkeep):';
comment on function wardkeep.names_person(text) is 'Internal: whether an actor is not empty and none of the names that are given to who is no person.';

create function wardkeep.authentic_request(request text, kid text, mac bytea, kind text) returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  k wardkeep.signing_key;
  body jsonb;
  claimed_at timestamptz;
begin
  perform wardkeep.require_read_committed();
  -- FOR SHARE: retiring the key waits for what is being signed in with it, and an older snapshot fails with 40001.
  select s.* into k from wardkeep.signing_key s where s.kid = authentic_request.kid and s.retired_at is null for share;
  -- The comparison of two digests tells nothing about the bytes compared, whatever its timing.
  if not found or request is null or mac is null or sha256(mac) is distinct from
     sha256(sha256(k.outer_pad || sha256(k.inner_pad || convert_to(kind || ':' || request, 'UTF8')))) then
    raise exception 'the request is not signed by a live key' using errcode = 'WK202';
  end if;
  body := request::jsonb;
  if jsonb_typeof(body) is distinct from 'object' then
    raise exception 'the request is not a JSON object' using errcode = 'WK202';
  end if;
  claimed_at := wardkeep.instant(body ->> 'issued_at');
  if claimed_at is null or abs(extract(epoch from clock_timestamp() - claimed_at)) > 120 then
    raise exception 'the request is older or newer than two minutes' using errcode = 'WK202',
      hint = 'Compare the clocks of the application and of the database.';
  end if;
  if coalesce(body ->> 'nonce' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', true) then
    raise exception 'the request has no nonce, or one that is not a UUID' using errcode = 'WK202';
  end if;
  insert into wardkeep.used_nonce (nonce) values ((body ->> 'nonce')::uuid) on conflict do nothing;
  if not found then
    raise exception 'the request was served before' using errcode = 'WK202';
  end if;
  -- More than come in, and none that another request is removing: requests wait for each other on their nonce only.
  delete from wardkeep.used_nonce where ctid = any (array(
    select n.ctid from wardkeep.used_nonce n where n.used_at < clock_timestamp() - interval '10 minutes'
     order by n.used_at limit 100 for update skip locked));
  return body;
end
$$;
comment on function wardkeep.authentic_request(text, text, bytea, text) is
  'Internal: checks signature, age and single use of a request. Fails with WK202.';

create function wardkeep.mint(for_kid text, t wardkeep.token) returns text
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  -- 166 bits, as six of the first UUID's are fixed, of the server's strong random source; the key id in front says which key minted it.
  secret text := coalesce(for_kid, 'wk00')
    || substr(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 1, 43);
  taken text[];
begin
  -- Narrowing a role waits for what is being minted, and finds it. Nothing is taken from the owner, whose work is without a
  -- key and may take hours: it holds nobody up.
  if for_kid is not null and not wardkeep.tenant_beside(t.tenant) then
    raise exception 'the tenant is unknown' using errcode = 'WK202';
  end if;
  select coalesce(array_agg(distinct n.what), '{}') into taken
    from wardkeep.narrowing n join wardkeep.policy_actor p on p.kind = 'role' and (p.name = n.role or n.role = any (p.combines))
   where n.tenant = t.tenant and p.db_role = t.db_role;
  if 'role' = any (taken) or 'purpose ' || t.purpose = any (taken) then
    return null;
  end if;
  if t.referral is not null then
    -- What was not referred, beside what the tenant took.
    taken := taken || t.denied;
  end if;
  insert into wardkeep.token (digest, session_id, tenant, branches, branch_group, db_role, role, purpose, actor, mfa_at,
    valid_from, valid_until, assigned, subjects, denied, break_glass, referral, support)
  values (sha256(convert_to(secret, 'UTF8')), t.session_id, t.tenant, t.branches, t.branch_group, t.db_role, t.role, t.purpose,
    t.actor, t.mfa_at, t.valid_from, t.valid_until, coalesce(t.assigned, false), t.subjects, taken, t.break_glass, t.referral, t.support);
  return secret;
end
$$;
comment on function wardkeep.mint(text, wardkeep.token) is
  'Internal: writes one token row and returns its secret, or null where the tenant took role or purpose away. Executable by the owner alone.';

create function wardkeep.resolve_branches(in_tenant text, wanted jsonb) returns text[]
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  result text[];
begin
  if wanted = '"all"' then
    select array_agg(b.branch order by b.branch) into result from wardkeep.known_branch b where b.tenant = in_tenant;
  elsif jsonb_typeof(wanted) = 'object' then
    select g.branches into result from wardkeep.branch_group g where g.tenant = in_tenant and g.name = wanted ->> 'group';
  elsif jsonb_typeof(wanted) = 'array' then
    select array_agg(distinct b.branch order by b.branch) into result
      from jsonb_array_elements_text(wanted) w join wardkeep.known_branch b on b.branch = w.value and b.tenant = in_tenant;
    if cardinality(result) is distinct from (select count(distinct w.value) from jsonb_array_elements_text(wanted) w) then
      result := null;
    end if;
  end if;
  if result is null then
    raise exception 'a branch or group does not belong to the tenant' using errcode = 'WK202';
  end if;
  return result;
end
$$;
comment on function wardkeep.resolve_branches(text, jsonb) is 'Internal: "all", {"group": name} or a list, checked against the tenant. Fails with WK202.';
-- Where assignments become contexts: the one place, for issuing and for taking away.
create function wardkeep.assigned(who text, in_tenant text, as_role text)
  returns table (branches text[], subjects text[], valid_until timestamptz)
  language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  with held as (
    select a.id, a.subject, a.valid_until, array(
        select k.branch from wardkeep.known_branch k
         where k.tenant = a.tenant
           and case when a.branch is not null then k.branch = a.branch
                    when a.branch_group is not null then exists (
                      select from wardkeep.branch_group g
                       where g.tenant = a.tenant and g.name = a.branch_group and k.branch = any (g.branches))
                    else true end
         order by k.branch) as branches
      from wardkeep.assignment a
     where a.actor = who and a.tenant = in_tenant and a.role = as_role and a.revoked_at is null
       and a.valid_from <= statement_timestamp() and (a.valid_until is null or a.valid_until > statement_timestamp())
  )
  select array_agg(distinct b.branch order by b.branch), array_agg(distinct h.subject) filter (where h.subject is not null), min(h.valid_until)
    from held h cross join unnest(h.branches) b(branch)
   -- Subjects belong to the branches they were assigned for: no cross product of two assignments.
   group by case when h.subject is not null then h.branches end;
end;
comment on function wardkeep.assigned(text, text, text) is 'Internal: what an actor is assigned now as one role in one tenant; several rows only for a confined role.';

create function wardkeep.refold(who text, in_tenant text, as_role text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  t wardkeep.token;
  held record;
begin
  -- An open session only ever loses: what was granted since comes with the next one.
  for t in select k.* from wardkeep.token k
            where k.actor = who and k.tenant = in_tenant and k.role = as_role and k.assigned order by k.digest for update loop
    select array(select unnest(t.branches) intersect select unnest(a.branches) order by 1) as branches,
           array(select unnest(t.subjects) intersect select unnest(a.subjects)) as subjects, a.valid_until
      into held from wardkeep.assigned(who, in_tenant, as_role) a where t.subjects is null or a.branches @> t.branches limit 1;
    if not found or cardinality(held.branches) = 0 or (t.subjects is not null and cardinality(held.subjects) = 0) then
      delete from wardkeep.token k where k.digest = t.digest;
    else
      update wardkeep.token k set branches = held.branches, valid_until = least(k.valid_until, held.valid_until),
             subjects = case when k.subjects is not null then held.subjects end
       where k.digest = t.digest;
    end if;
  end loop;
  -- An emergency or a referral was opened on the strength of what may be gone; whoever still may opens it again.
  delete from wardkeep.token k
   where k.actor = who and k.tenant = in_tenant and coalesce(k.break_glass, k.referral) is not null;
end
$$;
comment on function wardkeep.refold(text, text, text) is 'Internal: takes from the open sessions of an actor what is no longer assigned.';

create function wardkeep.wanted(body jsonb)
  returns table (tenant text, role text, branches text[], branch_group text, subjects text[], purposes jsonb,
    valid_from timestamptz, valid_until timestamptz, assigned boolean, asked boolean)
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  a jsonb;
  asked_branches text[];
begin
  assigned := exists (select from wardkeep.policy_rule r where r.assignments = 'required');
  asked := body ? 'assignments';
  for a in
    select x.value from (
      select value from jsonb_array_elements(body -> 'assignments') where asked
      union all
      select distinct jsonb_build_object('tenant', h.tenant, 'role', h.role, 'branches', 'all')
        from wardkeep.assignment h where not asked and assigned and h.actor = body ->> 'actor' and h.revoked_at is null) x
     -- Tenants are locked in one order.
     order by x.value ->> 'tenant', x.value
  loop
    tenant := a ->> 'tenant';
    role := a ->> 'role';
    purposes := a -> 'purposes';
    if assigned then
      perform wardkeep.alone(body ->> 'actor', tenant);
    end if;
    if not wardkeep.tenant_beside(tenant) then
      continue when not asked;
      raise exception 'an assignment names an unknown tenant' using errcode = 'WK202';
    end if;
    valid_from := greatest(now(), wardkeep.instant(a ->> 'valid_from'));
    valid_until := wardkeep.instant(a ->> 'valid_until');
    branch_group := a -> 'branches' ->> 'group';
    if not assigned then
      branches := wardkeep.resolve_branches(tenant, coalesce(a -> 'branches', '[]'));
      subjects := array(select jsonb_array_elements_text(coalesce(a -> 'subjects', '[]')));
      subjects := case when cardinality(subjects) > 0 then subjects end;
      return next;
      continue;
    end if;
    asked_branches := case when a -> 'branches' <> '"all"' then wardkeep.resolve_branches(tenant, a -> 'branches') end;
    for branches, subjects, valid_until in
      select coalesce(asked_branches, s.branches), s.subjects, least(wanted.valid_until, s.valid_until)
        from wardkeep.assigned(body ->> 'actor', wanted.tenant, wanted.role) s where s.branches @> coalesce(asked_branches, s.branches)
    loop
      return next;
    end loop;
    if asked and not found then
      raise exception 'the actor is not assigned what was asked for' using errcode = 'WK202',
        hint = 'The policy says assignments: ''required''; grant it first, or ask for less.';
    end if;
  end loop;
end
$$;
comment on function wardkeep.wanted(jsonb) is 'Internal: what a session is asked for, or what its actor is assigned. Fails with WK202.';
create function wardkeep.issue_session(request text, kid text, mac bytea)
  returns table (session_id uuid, tenant text, branches text[], role text, db_role text, purpose text, token text, valid_until timestamptz)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  body jsonb := wardkeep.authentic_request(request, kid, mac, 'session');
  who text := body ->> 'actor';
  second_factor timestamptz := wardkeep.instant(body ->> 'mfa_at');
  ends timestamptz := now() + make_interval(secs => (body ->> 'ttl_seconds')::double precision);
  required boolean := exists (select from wardkeep.policy_rule r where r.assignments = 'required');
  w record;
  t wardkeep.token;
  rule wardkeep.policy_actor;
  waiting text;
begin
  if coalesce(who, '') = '' or ends is null or ends <= now() or ends > now() + interval '24 hours' then
    raise exception 'a session needs an actor and a life of at most 24 hours' using errcode = 'WK202';
  end if;
  if not wardkeep.names_person(who) then
    raise exception 'a person cannot be named as a service or the owner''s work is' using errcode = 'WK202';
  end if;
  if (body ? 'assignments' or not required) and (jsonb_typeof(body -> 'assignments') is distinct from 'array'
      or jsonb_array_length(body -> 'assignments') = 0) then
    raise exception 'a session needs at least one assignment' using errcode = 'WK202';
  end if;
  if second_factor > now() + interval '2 minutes' then
    raise exception 'the second factor lies in the future' using errcode = 'WK202';
  end if;
  perform wardkeep.alone(who, '');
  insert into wardkeep.session (kind, actor, label, kid, mfa_at, valid_until)
  values ('person', who, body ->> 'label', issue_session.kid, second_factor, ends) returning id into t.session_id;
  t.actor := who;
  t.mfa_at := second_factor;

  for w in select * from wardkeep.wanted(body) loop
    select p.* into rule from wardkeep.policy_actor p where p.kind = 'role' and p.name = w.role;
    if not found then
      -- What was assigned as a role that left the policy file waits until it comes back.
      continue when not w.asked;
      raise exception 'an assignment names a role that the policy does not have' using errcode = 'WK202';
    end if;
    if rule.must_expire and w.valid_until is null then
      raise exception 'this role must be assigned with an end' using errcode = 'WK202', detail = rule.name;
    end if;
    if rule.confined <> (w.subjects is not null) then
      raise exception 'a confined role, and no other, is assigned for named subjects' using errcode = 'WK202', detail = rule.name;
    end if;
    if exists (select from wardkeep.policy_rule r where rule.name in (r.break_glass ->> 'role', r.crossings -> 'referral' ->> 'role', r.support ->> 'role')) then
      raise exception 'this role is opened by break-glass, by a referral or for support only' using errcode = 'WK202', detail = rule.name;
    end if;
    if exists (select from jsonb_array_elements_text(coalesce(w.purposes, '[]')) p where p.value <> all (rule.purposes)) then
      raise exception 'an assignment names a purpose that its role does not have' using errcode = 'WK202', detail = rule.name;
    end if;
    if rule.mfa_seconds is not null and (second_factor is null or second_factor < now() - make_interval(secs => rule.mfa_seconds)) then
      waiting := rule.name;
      -- Nobody asked for this role by name: the others are not kept waiting for it.
      continue when not w.asked;
      exit;
    end if;
    -- A second factor does not grow younger while the session lasts.
    t.valid_until := least(ends, w.valid_until, second_factor + make_interval(secs => rule.mfa_seconds));
    continue when t.valid_until <= now();
    t.tenant := w.tenant;
    t.role := rule.name;
    t.db_role := rule.db_role;
    t.branches := w.branches;
    t.branch_group := w.branch_group;
    t.valid_from := w.valid_from;
    t.assigned := w.assigned;
    t.subjects := w.subjects;
    for t.purpose in select p from unnest(rule.purposes) with ordinality u(p, n) where w.purposes is null or w.purposes ? p order by n loop
      token := wardkeep.mint(issue_session.kid, t);
      continue when token is null;
      session_id := t.session_id;
      tenant := t.tenant;
      branches := t.branches;
      role := t.role;
      db_role := t.db_role;
      purpose := t.purpose;
      valid_until := t.valid_until;
      return next;
    end loop;
  end loop;
  if waiting is not null and (body ? 'assignments' or not exists (select from wardkeep.token k where k.session_id = t.session_id)) then
    raise exception 'this role asks for a newer second factor' using errcode = 'WK202', detail = waiting,
      hint = 'Ask for the second factor again, then issue the session.';
  end if;
  if not exists (select from wardkeep.token k where k.session_id = t.session_id) then
    raise exception 'no assignment is valid now' using errcode = 'WK202';
  end if;
  insert into wardkeep.activity (kind, actor, detail)
  select 'session_issued', who, jsonb_build_object('session', t.session_id, 'until', ends, 'label', body ->> 'label',
      'roles', (select jsonb_agg(distinct jsonb_build_object('tenant', k.tenant, 'role', k.role)) from wardkeep.token k where k.session_id = t.session_id));
  -- Last, behind everything that waits: whoever narrows meets these rows too.
  delete from wardkeep.token k where k.ctid = any (array(
    select x.ctid from wardkeep.token x where x.valid_until < now() - interval '1 hour'
     order by x.valid_until limit 1000 for update skip locked));
end
$$;
comment on function wardkeep.issue_session(text, text, bytea) is
  'Issues one token per tenant, role and purpose for a signed request of the host''s login. For the issuer login. Fails with WK202.';
create function wardkeep.issue_service(request text, kid text, mac bytea)
  returns table (session_id uuid, tenant text, branches text[], role text, db_role text, purpose text, token text, valid_until timestamptz)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  body jsonb := wardkeep.authentic_request(request, kid, mac, 'service');
  rule wardkeep.policy_actor;
  t wardkeep.token;
  one_purpose text;
begin
  select p.* into rule from wardkeep.policy_actor p where p.kind = 'service' and p.name = body ->> 'service';
  if not found then
    raise exception 'the policy has no such service' using errcode = 'WK203';
  end if;
  tenant := body ->> 'tenant';
  valid_until := now() + make_interval(secs => (body ->> 'ttl_seconds')::double precision);
  if valid_until is null or valid_until <= now() or valid_until > now() + interval '24 hours' then
    raise exception 'a service session lives at most 24 hours' using errcode = 'WK202';
  end if;
  perform wardkeep.beside('service:' || rule.name);
  if not wardkeep.tenant_beside(tenant) then
    raise exception 'the tenant is unknown' using errcode = 'WK202';
  end if;
  branches := wardkeep.resolve_branches(tenant, coalesce(body -> 'branches', '"all"'));
  role := rule.name;
  db_role := rule.db_role;
  insert into wardkeep.session as s (kind, actor, label, kid, valid_until)
  values ('service', 'service:' || rule.name, body ->> 'label', issue_service.kid, issue_service.valid_until)
  returning s.id into session_id;
  t.session_id := session_id;
  t.actor := 'service:' || rule.name;
  t.tenant := tenant;
  t.branches := branches;
  t.branch_group := body -> 'branches' ->> 'group';
  t.role := role;
  t.db_role := db_role;
  t.valid_from := now();
  t.valid_until := valid_until;
  foreach one_purpose in array rule.purposes loop
    purpose := one_purpose;
    t.purpose := one_purpose;
    token := wardkeep.mint(issue_service.kid, t);
    return next;
  end loop;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('service_issued', 'service:' || rule.name, tenant, jsonb_build_object('session', session_id, 'label', body ->> 'label'));
end
$$;
comment on function wardkeep.issue_service(text, text, bytea) is
  'Issues a service of the policy file the tokens for one tenant. For the issuer login. Fails with WK202 or WK203.';

create function wardkeep.reopen_session(request text, kid text, mac bytea)
  returns table (session_id uuid, tenant text, branches text[], role text, db_role text, purpose text, token text, valid_until timestamptz)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  body jsonb := wardkeep.authentic_request(request, kid, mac, 'reopen');
  t wardkeep.token;
begin
  perform wardkeep.alone(body ->> 'actor', '');
  perform wardkeep.alone(body ->> 'actor', body ->> 'tenant');
  -- Before the token is read: what is taken from the tenant meanwhile is taken from that token, and this is its copy.
  if not wardkeep.tenant_beside(body ->> 'tenant') then
    raise exception 'the session of this job has ended or never had this grant' using errcode = 'WK102';
  end if;
  -- Ending the session waits for this and then finds the new token; a session ended meanwhile is not found.
  perform from wardkeep.session s where s.id = (body ->> 'session_id')::uuid and s.ended_at is null for share;
  if not found then
    raise exception 'the session of this job has ended or never had this grant' using errcode = 'WK102';
  end if;
  select k.* into t from wardkeep.token k
   where k.session_id = (body ->> 'session_id')::uuid and k.tenant = body ->> 'tenant'
     and k.role = body ->> 'role' and k.purpose = body ->> 'purpose' and k.actor = body ->> 'actor'
     and k.valid_until > clock_timestamp() and k.valid_from <= clock_timestamp()
     -- Several contexts for single subjects are alike in everything that a job names.
     and k.subjects is null
   limit 1;
  if not found then
    raise exception 'the session of this job has ended or never had this grant' using errcode = 'WK102';
  end if;
  session_id := t.session_id;
  tenant := t.tenant;
  branches := t.branches;
  role := t.role;
  db_role := t.db_role;
  purpose := t.purpose;
  t.valid_from := now();
  t.valid_until := least(t.valid_until, now() + interval '15 minutes');
  valid_until := t.valid_until;
  token := wardkeep.mint(reopen_session.kid, t);
  if token is null then
    raise exception 'the session of this job has ended or never had this grant' using errcode = 'WK102';
  end if;
  return next;
end
$$;
comment on function wardkeep.reopen_session(text, text, bytea) is
  'Checks on arrival that the actor of a queued job still holds the grant, and gives a token of at most 15 minutes. Fails with WK102 or WK202.';
create function wardkeep.end_session(session uuid, reason text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  who text;
begin
  perform wardkeep.require_read_committed();
  update wardkeep.session s set ended_at = now(), end_reason = reason
   where s.id = end_session.session and s.ended_at is null returning s.actor into who;
  if not found then
    return false;
  end if;
  perform from wardkeep.token t where t.session_id = end_session.session order by t.digest for update;
  delete from wardkeep.token t where t.session_id = end_session.session;
  insert into wardkeep.activity (kind, actor, detail)
  values ('session_ended', who, jsonb_build_object('session', end_session.session, 'reason', reason));
  return true;
end
$$;
comment on function wardkeep.end_session(uuid, text) is 'Ends a session; its tokens are refused from the next statement on. For the issuer login. Fails with WK009.';

create function wardkeep.end_actor(actor text, reason text) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  ended integer;
begin
  perform wardkeep.require_read_committed();
  -- Waits for sessions of this actor that are being issued: the next statement sees them.
  perform wardkeep.alone(end_actor.actor, '');
  perform from wardkeep.session s where s.actor = end_actor.actor and s.ended_at is null order by s.id for update;
  perform from wardkeep.token t where t.actor = end_actor.actor order by t.digest for update;
  select count(*) filter (where wardkeep.end_session(s.id, reason)) into ended
    from wardkeep.session s where s.actor = end_actor.actor and s.ended_at is null;
  return ended;
end
$$;
comment on function wardkeep.end_actor(text, text) is 'Ends every open session of an actor and returns how many. For the issuer login. Fails with WK009.';

create function wardkeep.list_sessions(actor text)
  returns table (session_id uuid, kind text, label text, created_at timestamptz, valid_until timestamptz)
  language sql stable security definer
begin atomic
  select s.id, s.kind, s.label, s.created_at, s.valid_until
    from wardkeep.session s
   where s.actor = list_sessions.actor and s.ended_at is null and s.valid_until > now()
   order by s.created_at, s.id;
end;
comment on function wardkeep.list_sessions(text) is 'The open sessions of an actor. For the issuer login.';

create function wardkeep.list_tenants() returns setof text
  language sql stable security definer
begin atomic
  select k.tenant from wardkeep.known_tenant k order by k.tenant;
end;
comment on function wardkeep.list_tenants() is 'Every tenant, for jobs. For the issuer login and the owner.';
create function wardkeep.forget_sessions(before timestamptz, reason text) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  sessions integer;
  lines integer;
begin
  if coalesce(btrim(reason), '') = '' then
    raise exception 'forgetting sessions needs a reason' using errcode = 'WK307';
  end if;
  if before is null or before > now() - interval '1 year' then
    raise exception 'sessions are kept for a year at least' using errcode = 'WK307';
  end if;
  -- An emergency and a referral name their session for ever.
  delete from wardkeep.session s
   where s.valid_until < before and coalesce(s.ended_at < before, true)
     and not exists (select from wardkeep.break_glass b where b.session_id = s.id)
     and not exists (select from wardkeep.break_glass b where b.opened_in = s.id)
     and not exists (select from wardkeep.referral r where r.session_id = s.id);
  get diagnostics sessions = row_count;
  delete from wardkeep.activity a
   where a.kind in ('session_issued', 'service_issued', 'session_ended', 'lookup') and a.at < before;
  get diagnostics lines = row_count;
  insert into wardkeep.activity (kind, actor, detail)
  values ('sessions_forgotten', session_user, jsonb_build_object('before', before, 'sessions', sessions, 'lines', lines, 'reason', reason));
  -- Last, because whoever issues for such an actor waits for it.
  delete from wardkeep.turn d using (
    select t.actor, t.tenant from wardkeep.turn t
     where not exists (select from wardkeep.session s where s.actor = t.actor)
       and not exists (select from wardkeep.assignment a where a.actor = t.actor)
       for update skip locked) idle
   where d.actor = idle.actor and d.tenant = idle.tenant;
  return sessions;
end
$$;
comment on function wardkeep.forget_sessions(timestamptz, text) is
  'Removes sessions that were over before a time, with their lines of activity; all else stays. For the owner. Fails with WK307.';
create function wardkeep.write_assignment(
  to_actor text, in_tenant text, as_role text, scope jsonb, for_subject text,
  from_time timestamptz, to_time timestamptz, why text, by_actor text, by_role text
) returns uuid
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  rule wardkeep.policy_actor;
  starts timestamptz := coalesce(from_time, clock_timestamp());
  made uuid;
begin
  perform wardkeep.require_read_committed();
  perform wardkeep.alone(to_actor, in_tenant);
  if not wardkeep.tenant_kept(in_tenant) then
    raise exception 'the tenant is unknown' using errcode = 'WK202';
  end if;
  select p.* into rule from wardkeep.policy_actor p where p.kind = 'role' and p.name = as_role;
  if not found or exists (select from wardkeep.policy_rule r where as_role in (r.break_glass ->> 'role', r.crossings -> 'referral' ->> 'role', r.support ->> 'role')) then
    raise exception 'the policy has no such role to assign' using errcode = 'WK206';
  end if;
  if coalesce(to_actor, '') = '' or coalesce(btrim(why), '') = '' then
    raise exception 'an assignment names an actor and a reason' using errcode = 'WK206';
  end if;
  if to_time <= greatest(starts, clock_timestamp()) then
    raise exception 'an assignment ends after it begins, and not in the past' using errcode = 'WK206';
  end if;
  if rule.must_expire and to_time is null then
    raise exception 'this role must be assigned with an end' using errcode = 'WK206', detail = rule.name;
  end if;
  if rule.confined <> (for_subject is not null) then
    raise exception 'a confined role, and no other, is assigned for a named subject' using errcode = 'WK206', detail = rule.name;
  end if;
  if coalesce(scope <> '"all"' and scope - '{branch,group}'::text[] <> '{}', true) then
    raise exception 'the scope is "all", {"branch": id} or {"group": name}' using errcode = 'WK206';
  end if;
  if exists (
    select from wardkeep.policy_rule r cross join jsonb_array_elements(r.exclusive) x
      join wardkeep.assignment a on a.actor = to_actor and a.tenant = in_tenant and a.revoked_at is null
       and tstzrange(a.valid_from, a.valid_until) && tstzrange(starts, to_time)
      join wardkeep.policy_actor h on h.kind = 'role' and h.name = a.role
     where (x ->> 0 = any (h.counts_as) and x ->> 1 = any (rule.counts_as)) or (x ->> 1 = any (h.counts_as) and x ->> 0 = any (rule.counts_as))
  ) then
    raise exception 'the actor holds a role that excludes this one' using errcode = 'WK206', detail = rule.name;
  end if;
  begin
    insert into wardkeep.assignment (actor, tenant, role, branch, branch_group, subject, valid_from, valid_until, reason, granted_by, granted_as)
    values (to_actor, in_tenant, as_role, scope ->> 'branch', scope ->> 'group', for_subject, starts, to_time, why, by_actor, by_role)
    returning id into made;
  exception when exclusion_violation then
    raise exception 'the actor holds this role here at that time already' using errcode = 'WK206', hint = 'Revoke the other assignment first.';
  end;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('assignment_granted', by_actor, in_tenant, jsonb_build_object('assignment', made, 'to', to_actor, 'role', as_role, 'as', by_role));
  return made;
end
$$;
comment on function wardkeep.write_assignment(text, text, text, jsonb, text, timestamptz, timestamptz, text, text, text) is
  'Internal: writes one assignment that somebody may make. Fails with WK009, WK202, WK206.';

create function wardkeep.scope_branches(in_tenant text, scope jsonb) returns text[]
  language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  select wardkeep.resolve_branches(in_tenant, case when scope ? 'branch' then jsonb_build_array(scope -> 'branch') else scope end);
end;
comment on function wardkeep.scope_branches(text, jsonb) is 'Internal: the branches that a scope has now. Fails with WK202.';

-- Never more than one's own: the role must be one that one's role may grant, the branches one's own, and the end not later.
create function wardkeep.may_assign(me wardkeep.token, as_role text, scope jsonb, to_time timestamptz) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  select me.subjects is null and me.assigned
    and exists (select from wardkeep.policy_actor p where p.kind = 'role' and p.db_role = me.db_role and as_role = any (p.may_grant))
    and wardkeep.scope_branches(me.tenant, scope) <@ me.branches
    and exists (
      select from wardkeep.assignment a
       where a.actor = me.actor and a.tenant = me.tenant and a.role = me.role and a.revoked_at is null
         and a.valid_from <= statement_timestamp() and (a.valid_until is null or a.valid_until > statement_timestamp())
         and (a.valid_until is null or to_time <= a.valid_until)
         and (scope <> '"all"' or num_nonnulls(a.branch, a.branch_group) = 0));
end;
comment on function wardkeep.may_assign(wardkeep.token, text, jsonb, timestamptz) is 'Internal: whether a context may grant or revoke this.';

-- What waits asks twice: before, so that whoever may not do it holds nobody up, and behind the wait, because access may
-- have ended meanwhile. VOLATILE, unlike what they call: each call sees what is committed by then, not what the caller saw.
create function wardkeep.verified_now() returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified();
begin
  -- The statement began before it waited.
  if me.valid_until <= clock_timestamp() then
    raise exception 'the context has expired' using errcode = 'WK102', hint = 'Sign in again.';
  end if;
  return me;
end
$$;
comment on function wardkeep.verified_now() is 'Internal: the token in force, as it is at this moment. Fails with WK1xx.';

create function wardkeep.authority(as_role text, scope jsonb, to_time timestamptz, refusal text) returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
begin
  if not coalesce(wardkeep.may_assign(me, as_role, scope, to_time), false) then
    raise exception '%', refusal using errcode = 'WK206';
  end if;
  return me;
end
$$;
comment on function wardkeep.authority(text, jsonb, timestamptz, text) is
  'Internal: the token in force, if it may grant or revoke this at this moment. Fails with WK1xx, or WK206 and the given words.';

create function wardkeep.grant_assignment(
  to_actor text, as_role text, scope jsonb, for_subject text, from_time timestamptz, to_time timestamptz, reason text
) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  refusal constant text := 'this role may not assign that here';
  me wardkeep.token := wardkeep.verified_now();
  made uuid;
begin
  if to_actor = me.actor then
    raise exception 'nobody assigns a role to themselves' using errcode = 'WK206';
  end if;
  perform wardkeep.authority(as_role, scope, to_time, refusal);
  made := wardkeep.write_assignment(to_actor, me.tenant, as_role, scope, for_subject, from_time, to_time, reason, me.actor, me.role);
  perform wardkeep.authority(as_role, scope, to_time, refusal);
  return made;
end
$$;
comment on function wardkeep.grant_assignment(text, text, jsonb, text, timestamptz, timestamptz, text) is
  'Assigns a role in the tenant of the verified context, as far as its role may. Fails with WK1xx, WK202, WK206.';

create function wardkeep.assign_as_owner(
  to_actor text, in_tenant text, as_role text, scope jsonb, for_subject text, from_time timestamptz, to_time timestamptz, reason text
) returns uuid
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform wardkeep.scope_branches(in_tenant, scope);
  return wardkeep.write_assignment(to_actor, in_tenant, as_role, scope, for_subject, from_time, to_time, reason,
    'owner:' || session_user, 'owner');
end
$$;
comment on function wardkeep.assign_as_owner(text, text, text, jsonb, text, timestamptz, timestamptz, text) is
  'The first assignments of a tenant, which nobody could grant. For the owner. Fails with WK202, WK206.';
create function wardkeep.revoke_one(assignment uuid, by_actor text, why text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  a wardkeep.assignment;
begin
  if coalesce(btrim(why), '') = '' then
    raise exception 'revoking needs a reason' using errcode = 'WK206';
  end if;
  update wardkeep.assignment r set revoked_at = clock_timestamp(), revoked_by = by_actor, revoke_reason = why
   where r.id = assignment and r.revoked_at is null returning r.* into a;
  if found then
    perform wardkeep.refold(a.actor, a.tenant, a.role);
    insert into wardkeep.activity (kind, actor, tenant, detail)
    values ('assignment_revoked', by_actor, a.tenant, jsonb_build_object('assignment', a.id, 'from', a.actor, 'role', a.role, 'reason', why));
  end if;
end
$$;
comment on function wardkeep.revoke_one(uuid, text, text) is 'Internal: revokes one assignment and takes it from open sessions. Fails with WK206.';

create function wardkeep.revoke_assignments(of_actor text, only_id uuid, reason text) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token;
  a wardkeep.assignment;
  revoked integer := 0;
  behind boolean;
begin
  perform wardkeep.require_read_committed();
  -- Before the locks and again behind all of them, as in 240_assign.sql.
  foreach behind in array '{false,true}'::boolean[] loop
    me := wardkeep.verified_now();
    revoked := 0;
    for a in select h.* from wardkeep.assignment h
              where h.actor = of_actor and h.tenant = me.tenant and h.revoked_at is null and (only_id is null or h.id = only_id) order by h.id loop
      if not coalesce(a.actor = me.actor or wardkeep.may_assign(me, a.role, case
           when a.branch is not null then jsonb_build_object('branch', a.branch)
           when a.branch_group is not null then jsonb_build_object('group', a.branch_group) else '"all"' end, clock_timestamp()), false) then
        raise exception 'this role may not revoke that here' using errcode = 'WK206';
      end if;
      if behind then
        perform wardkeep.revoke_one(a.id, me.actor, reason);
      end if;
      revoked := revoked + 1;
    end loop;
    exit when revoked = 0 or behind;
    perform wardkeep.alone(of_actor, me.tenant);
    perform wardkeep.hold_access(of_actor, me.tenant);
  end loop;
  return revoked;
end
$$;
comment on function wardkeep.revoke_assignments(text, uuid, text) is
  'Revokes one or all assignments of an actor in the tenant of the verified context, all or none; holds on the next statement. Fails with WK1xx, WK206.';

create function wardkeep.offboard(request text, kid text, mac bytea) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  body jsonb := wardkeep.authentic_request(request, kid, mac, 'offboard');
  revoked integer;
begin
  if coalesce(body ->> 'actor', '') = '' or coalesce(body ->> 'by', '') = '' or coalesce(btrim(body ->> 'reason'), '') = '' then
    raise exception 'offboarding names an actor, who asks for it, and why' using errcode = 'WK206';
  end if;
  perform wardkeep.alone(body ->> 'actor', '');
  perform wardkeep.alone(body ->> 'actor', o.tenant)
    from (select t.tenant from wardkeep.turn t where t.actor = body ->> 'actor' and t.tenant <> ''
          union select a.tenant from wardkeep.assignment a where a.actor = body ->> 'actor' and a.revoked_at is null order by 1) o;
  perform wardkeep.hold_access(body ->> 'actor', null);
  select count(wardkeep.revoke_one(a.id, body ->> 'by', body ->> 'reason')) into revoked
    from wardkeep.assignment a where a.actor = body ->> 'actor' and a.revoked_at is null;
  -- What a clinic had allowed to this person is over too, though nothing of it is open.
  update wardkeep.support s set valid_until = least(s.valid_until, clock_timestamp())
   where s.actor = body ->> 'actor' and s.valid_until > clock_timestamp();
  perform wardkeep.end_actor(body ->> 'actor', body ->> 'reason');
  return revoked;
end
$$;
comment on function wardkeep.offboard(text, text, bytea) is
  'Revokes every assignment of an actor in every tenant and ends every session, for a signed request. For the issuer login. Fails with WK202, WK206.';

create function wardkeep.list_assignments() returns setof wardkeep.assignment
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified();
begin
  return query
    select a.* from wardkeep.assignment a join wardkeep.policy_actor p on p.kind = 'role' and p.db_role = me.db_role
     where a.tenant = me.tenant and (a.actor = me.actor or (a.role = any (p.may_grant) and me.subjects is null
       and (a.branch = any (me.branches) or (a.branch is null and me.branches @> array(select k.branch from wardkeep.known_branch k where k.tenant = me.tenant)))))
     order by a.actor, a.role, a.valid_from, a.id;
end
$$;
comment on function wardkeep.list_assignments() is
  'One''s own assignments, and those that one''s role may grant in one''s own branches, revoked ones too. Fails with WK1xx.';
-- One person who holds several roles holds them through a combination: what a tenant takes from a role, it takes there too.
create function wardkeep.narrowed_with(of_role text) returns table (name text, db_role text)
  language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  select p.name, p.db_role from wardkeep.policy_actor p where p.kind = 'role' and (p.name = of_role or of_role = any (p.combines));
end;
comment on function wardkeep.narrowed_with(text) is 'Internal: a role and the combinations that hold it.';

create function wardkeep.authority_to_narrow(of_role text, refusal text) returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.authority(of_role, jsonb '"all"', clock_timestamp(), refusal);
  missing text;
begin
  -- A combination may be more than its narrower: whoever may not grant it does not end it either.
  select string_agg(n.name, ', ' order by n.name) into missing from wardkeep.narrowed_with(of_role) n
   where n.name <> of_role and not coalesce(wardkeep.may_assign(me, n.name, jsonb '"all"', clock_timestamp()), false);
  if missing is not null then
    raise exception '%: a combination holds it, and is not this role''s to grant', refusal using errcode = 'WK206',
      hint = format('Add to mayGrant of %s: %s', me.role, missing);
  end if;
  return me;
end
$$;
comment on function wardkeep.authority_to_narrow(text, text) is
  'Internal: the token in force, if its role may grant this role and every combination that holds it. Fails with WK1xx, or WK206 and the given words.';

create function wardkeep.narrow_role(from_role text, taken text, reason text) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  refusal constant text := 'this role may not narrow that role for the whole tenant';
  me wardkeep.token := wardkeep.authority_to_narrow(from_role, refusal);
begin
  perform wardkeep.require_read_committed();
  -- Waits for tokens that are being minted in this tenant, and for whoever takes others away; the next statements see them.
  perform wardkeep.tenant_alone(me.tenant);
  perform from wardkeep.token t
    where t.tenant = me.tenant and (coalesce(t.break_glass, t.referral) is not null
      or t.db_role in (select n.db_role from wardkeep.narrowed_with(from_role) n))
    order by t.digest for update;
  me := wardkeep.authority_to_narrow(from_role, refusal);
  insert into wardkeep.narrowing (tenant, role, what, reason, narrowed_by) values (me.tenant, from_role, taken, reason, me.actor)
  on conflict do nothing;
  delete from wardkeep.token t using wardkeep.narrowed_with(from_role) n
   where t.tenant = me.tenant and t.db_role = n.db_role and (taken = 'role' or taken = 'purpose ' || t.purpose);
  update wardkeep.token t set denied = array_append(t.denied, taken) from wardkeep.narrowed_with(from_role) n
   where t.tenant = me.tenant and t.db_role = n.db_role and taken <> all (t.denied);
  -- An emergency or a referral was opened on the strength of a role that may be gone.
  delete from wardkeep.token t where t.tenant = me.tenant and coalesce(t.break_glass, t.referral) is not null;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('role_narrowed', me.actor, me.tenant, jsonb_build_object('role', from_role, 'taken', taken, 'reason', reason));
exception when check_violation or not_null_violation then
  raise exception 'write role, purpose <name> or <action> <schema.table>, and a reason' using errcode = 'WK206';
end
$$;
comment on function wardkeep.narrow_role(text, text, text) is
  'Takes a role, one of its purposes or one of its actions from everybody in the tenant, combinations included, from the next statement on. Fails with WK1xx, WK206.';

create function wardkeep.lift_narrowing(of_role text, taken text, reason text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  refusal constant text := 'this role may not lift that, or gave no reason';
  me wardkeep.token := wardkeep.authority_to_narrow(of_role, refusal);
begin
  perform wardkeep.require_read_committed();
  if coalesce(btrim(reason), '') = '' then
    raise exception '%', refusal using errcode = 'WK206';
  end if;
  perform wardkeep.tenant_alone(me.tenant);
  me := wardkeep.authority_to_narrow(of_role, refusal);
  if exists (select from wardkeep.assignment a join wardkeep.policy_actor p on p.kind = 'role' and p.name = a.role
              where a.actor = me.actor and a.tenant = me.tenant and a.revoked_at is null and of_role = any (p.counts_as)) then
    raise exception 'nobody lifts what was taken from a role of their own' using errcode = 'WK206';
  end if;
  delete from wardkeep.narrowing n where n.tenant = me.tenant and n.role = of_role and n.what = taken;
  if not found then
    return false;
  end if;
  -- Open sessions stay as they are: they only ever lose.
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('narrowing_lifted', me.actor, me.tenant, jsonb_build_object('role', of_role, 'taken', taken, 'reason', reason));
  return true;
end
$$;
comment on function wardkeep.lift_narrowing(text, text, text) is
  'Gives back what the policy file gives and the tenant had taken, with the next session. Fails with WK1xx, WK206.';
-- Declared in the verified context, by the application's login; opened by the issuer's login, which sees only what is
-- committed. So the record is there before any row is shown, and the application's login mints nothing.
create function wardkeep.declare_break_glass(in_branch text, for_subject text, reason text, explanation text, minutes integer) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
  rule jsonb := (select r.break_glass from wardkeep.policy_rule r);
  made uuid;
begin
  perform wardkeep.require_read_committed();
  if me.subjects is not null or not coalesce(rule -> 'from' ? me.role, false)
     or not exists (select from wardkeep.session s where s.id = me.session_id and s.kind = 'person') then
    raise exception 'this role may not declare an emergency' using errcode = 'WK207';
  end if;
  if not exists (select from wardkeep.known_branch k where k.branch = in_branch and k.tenant = me.tenant) then
    raise exception 'the branch does not belong to the tenant' using errcode = 'WK207';
  end if;
  if not coalesce(rule -> 'reasons' ? reason, false) or coalesce(btrim(explanation), '') = '' or coalesce(for_subject, '') = '' then
    raise exception 'an emergency needs a reason code of the policy file, an explanation and one subject' using errcode = 'WK207';
  end if;
  if not coalesce(minutes > 0 and minutes * 60 <= (rule ->> 'longest')::integer, false) then
    raise exception 'an emergency lasts no longer than the policy file says' using errcode = 'WK207';
  end if;
  if not wardkeep.tenant_kept(me.tenant) then
    raise exception 'the tenant is unknown' using errcode = 'WK207';
  end if;
  insert into wardkeep.break_glass as b (tenant, branch, subject, reason, explanation, declared_by, declared_as, session_id, valid_until)
  values (me.tenant, in_branch, for_subject, reason, explanation, me.actor, me.role, me.session_id, clock_timestamp() + make_interval(mins => minutes))
  on conflict (declared_by, tenant, subject) where reviewed_at is null and closed_at is null do nothing returning b.id into made;
  if made is null then
    raise exception 'the last emergency of this actor for this subject waits for its review' using errcode = 'WK207';
  end if;
  -- Behind the wait for another declaration, as in 240_assign.sql.
  perform wardkeep.verified_now();
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('break_glass_declared', me.actor, me.tenant, jsonb_build_object('break_glass', made, 'as', me.role, 'reason', reason));
  return made;
end
$$;
comment on function wardkeep.declare_break_glass(text, text, text, text, integer) is
  'Records an emergency: one subject in one branch of the tenant, for minutes. Shows nothing by itself. Fails with WK1xx, WK207.';

create function wardkeep.open_break_glass(request text, kid text, mac bytea)
  returns table (session_id uuid, tenant text, branches text[], role text, db_role text, purpose text, token text, valid_until timestamptz)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  body jsonb := wardkeep.authentic_request(request, kid, mac, 'break_glass');
  in_tenant text;
  b wardkeep.break_glass;
  allowed jsonb;
  ends timestamptz;
  rule wardkeep.policy_actor;
  t wardkeep.token;
begin
  select g.tenant into in_tenant from wardkeep.break_glass g
   where g.id = (body ->> 'break_glass')::uuid and g.declared_by = body ->> 'actor';
  if not found then
    raise exception 'there is no emergency to open in this session' using errcode = 'WK207', hint = 'Commit the declaration first.';
  end if;
  perform wardkeep.alone(body ->> 'actor', '');
  perform wardkeep.alone(body ->> 'actor', in_tenant);
  perform wardkeep.tenant_beside(in_tenant);
  select g.* into b from wardkeep.break_glass g
   where g.id = (body ->> 'break_glass')::uuid and g.declared_by = body ->> 'actor'
     and g.valid_until > clock_timestamp() and g.reviewed_at is null and g.closed_at is null
     -- A restore brings the record back without its session, and opens nothing.
     and exists (select from wardkeep.session s where s.id = g.session_id) for update;
  -- Whoever declared it must be signed in as what they were: in that session, or in another one of theirs.
  perform from wardkeep.session s
   where s.id = (body ->> 'session_id')::uuid and s.kind = 'person' and s.ended_at is null for share;
  if found then
    select k.* into t from wardkeep.token k
     where k.session_id = (body ->> 'session_id')::uuid and k.tenant = b.tenant and k.role = b.declared_as and k.actor = b.declared_by
       and k.subjects is null and k.valid_until > clock_timestamp() and k.valid_from <= clock_timestamp() limit 1;
  end if;
  -- By the policy that is in force now, which may be a stricter one than when it was declared.
  select r.break_glass into allowed from wardkeep.policy_rule r;
  ends := least(t.valid_until, b.valid_until, b.declared_at + make_interval(secs => (allowed ->> 'longest')::double precision));
  select p.* into rule from wardkeep.policy_actor p where p.kind = 'role' and p.name = allowed ->> 'role'
     and p.confined and allowed -> 'from' ? b.declared_as and allowed -> 'reasons' ? b.reason and ends > clock_timestamp();
  if t.digest is null or rule.name is null
     or not exists (select from wardkeep.known_branch k where k.branch = b.branch and k.tenant = b.tenant) then
    raise exception 'there is no emergency to open in this session' using errcode = 'WK207';
  end if;
  if rule.mfa_seconds is not null and coalesce(t.mfa_at < now() - make_interval(secs => rule.mfa_seconds), true) then
    raise exception 'this role asks for a newer second factor' using errcode = 'WK202', detail = rule.name;
  end if;
  -- A desk that was left ends its session: whoever comes back shows that it is they, and declares nothing anew.
  if t.session_id <> b.session_id and coalesce(t.mfa_at <= b.declared_at, true) then
    raise exception 'an emergency of another session asks for a second factor that is newer than it' using errcode = 'WK202', detail = rule.name;
  end if;
  t.branches := array[b.branch];
  t.branch_group := null;
  t.role := rule.name;
  t.db_role := rule.db_role;
  t.purpose := rule.purposes[1];
  t.subjects := array[b.subject];
  t.break_glass := b.id;
  t.assigned := false;
  t.valid_from := now();
  t.valid_until := ends;
  token := wardkeep.mint(open_break_glass.kid, t);
  if token is null then
    raise exception 'the tenant took this role away' using errcode = 'WK207';
  end if;
  session_id := t.session_id;
  tenant := t.tenant;
  branches := t.branches;
  role := t.role;
  db_role := t.db_role;
  purpose := t.purpose;
  valid_until := t.valid_until;
  update wardkeep.break_glass g set opened_at = coalesce(g.opened_at, clock_timestamp()), opened_in = t.session_id where g.id = b.id;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values (case when b.opened_in <> t.session_id then 'break_glass_resumed' else 'break_glass_opened' end, b.declared_by, b.tenant,
    jsonb_build_object('break_glass', b.id, 'session', t.session_id));
  return next;
end
$$;
comment on function wardkeep.open_break_glass(text, text, bytea) is
  'Opens the second context of a declared emergency: that subject, that branch, that actor, until then; in another session of theirs after a newer second factor. For the issuer login. Fails with WK202, WK207.';
create function wardkeep.reviewer() returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
begin
  if me.subjects is not null or not exists (select from wardkeep.policy_rule r where r.break_glass -> 'reviewedBy' ? me.role) then
    raise exception 'this role does not review emergencies' using errcode = 'WK207';
  end if;
  return me;
end
$$;
comment on function wardkeep.reviewer() is 'Internal: the token in force, if its role reviews emergencies. Fails with WK1xx, WK207.';

create function wardkeep.own_emergencies() returns setof wardkeep.break_glass
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
begin
  return query select b.* from wardkeep.break_glass b
    where me.subjects is null and b.tenant = me.tenant and b.declared_by = me.actor and b.declared_as = me.role
      and b.valid_until > clock_timestamp() and b.reviewed_at is null and b.closed_at is null
      and exists (select from wardkeep.session s where s.id = b.session_id)
    order by b.declared_at, b.id;
end
$$;
comment on function wardkeep.own_emergencies() is 'What this actor declared in this role and may still open, whichever session it was. Fails with WK1xx.';

create function wardkeep.open_reviews() returns setof wardkeep.break_glass
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.reviewer();
begin
  return query select b.* from wardkeep.break_glass b
    where b.tenant = me.tenant and b.branch = any (me.branches) and b.reviewed_at is null and b.closed_at is null
    order by b.declared_at, b.id;
end
$$;
comment on function wardkeep.open_reviews() is 'Emergencies in one''s own branches that wait for a review. Fails with WK1xx, WK207.';

create function wardkeep.review_break_glass(emergency uuid, outcome text, note text) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.reviewer();
begin
  perform wardkeep.require_read_committed();
  -- Waited for first, as far as it is theirs to review; then asked again.
  perform from wardkeep.break_glass b where b.id = emergency and b.tenant = me.tenant and b.branch = any (me.branches) for update;
  if found then
    perform from wardkeep.token t where t.break_glass = emergency order by t.digest for update;
    me := wardkeep.reviewer();
  end if;
  update wardkeep.break_glass b set reviewed_at = clock_timestamp(), reviewed_by = me.actor, verdict = outcome, review_note = note
   where b.id = emergency and b.tenant = me.tenant and b.branch = any (me.branches) and b.declared_by <> me.actor
     and b.reviewed_at is null and b.closed_at is null;
  if not found then
    raise exception 'there is nothing of this id for this actor to review' using errcode = 'WK207';
  end if;
  -- What is reviewed is over.
  delete from wardkeep.token t where t.break_glass = emergency;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('break_glass_reviewed', me.actor, me.tenant, jsonb_build_object('break_glass', emergency, 'verdict', outcome));
exception when check_violation or not_null_violation then
  raise exception 'a review says justified or not_justified, and why' using errcode = 'WK207';
end
$$;
comment on function wardkeep.review_break_glass(uuid, text, text) is 'Reviews an emergency of somebody else, and ends it. Fails with WK1xx, WK207.';
-- Like an emergency (243_break_glass.sql) a referral is declared by the application's login and opened by the issuer's. What
-- differs: the branch of the person decides, the other branch opens, and every event is of both.
create function wardkeep.note_crossing(me wardkeep.token, branches text[], verb text, relation text, record text, subject text, detail jsonb) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values (relation || '_' || verb, me.actor, me.tenant, detail || jsonb_build_object(relation, record, 'branches', branches));
  if to_regproc('wardkeep_audit.record_crossing') is not null then
    perform wardkeep_audit.record_crossing(me, branches, verb, 'wardkeep.' || relation, record, subject, detail);
  end if;
end
$$;
comment on function wardkeep.note_crossing(wardkeep.token, text[], text, text, text, text, jsonb) is
  'Internal: writes what crossed as a line of activity and, where there is an audit log, as an event of each branch.';

create function wardkeep.authority_to_cross(roles jsonb, refusal text, code text) returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
begin
  if me.subjects is not null or not coalesce(roles ? me.role, false)
     or not exists (select from wardkeep.session s where s.id = me.session_id and s.kind = 'person') then
    raise exception '%', refusal using errcode = code;
  end if;
  return me;
end
$$;
comment on function wardkeep.authority_to_cross(jsonb, text, text) is
  'Internal: the token in force, if it belongs to a person, is of one of the roles and confined to nobody. Fails with WK1xx, or the given code and words.';

create function wardkeep.refer(for_subject text, from_branch text, to_branch text, records text[], until timestamptz, basis text) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  rule jsonb := (select r.crossings -> 'referral' from wardkeep.policy_rule r);
  me wardkeep.token := wardkeep.authority_to_cross(rule -> 'from', 'this role may not refer', 'WK230');
  there boolean;
  made uuid;
begin
  perform wardkeep.require_read_committed();
  if not coalesce(from_branch = any (wardkeep.branches()), false) then
    raise exception 'a person is referred in a context of their own branch' using errcode = 'WK230';
  end if;
  if not exists (select from wardkeep.known_branch k where k.branch = to_branch and k.tenant = me.tenant and k.branch <> from_branch) then
    raise exception 'a referral goes to another branch of the same tenant' using errcode = 'WK230',
      hint = 'Between tenants nothing is referred: hand over a copy, and record the disclosure.';
  end if;
  if not coalesce(cardinality(records) > 0 and array_position(records, null) is null
     and rule -> 'tables' @> to_jsonb(records), false) then
    raise exception 'a referral names tables that the role % reads, and no others', rule ->> 'role' using errcode = 'WK230';
  end if;
  if not coalesce(rule -> 'bases' ? basis, false) then
    raise exception 'a referral needs a basis of the policy file' using errcode = 'WK230';
  end if;
  if not coalesce(until > clock_timestamp() and until <= clock_timestamp() + make_interval(secs => (rule ->> 'longest')::double precision), false) then
    raise exception 'a referral ends in time, and no later than the policy file says' using errcode = 'WK230';
  end if;
  -- Under the fence of the caller's context: whoever is of another branch is not there.
  execute format('select %I.wk_is_person($1, $2)', rule ->> 'schema') using from_branch, for_subject into there;
  if not coalesce(there, false) then
    raise exception 'there is no such person in the branch' using errcode = 'WK230';
  end if;
  if not wardkeep.tenant_kept(me.tenant) then
    raise exception 'the tenant is unknown' using errcode = 'WK230';
  end if;
  -- Behind the wait, as in 240_assign.sql.
  me := wardkeep.authority_to_cross(rule -> 'from', 'this role may not refer', 'WK230');
  insert into wardkeep.referral as r (tenant, from_branch, to_branch, subject, records, basis, referred_by, referred_as, session_id, valid_until)
  values (me.tenant, from_branch, to_branch, for_subject, array(select distinct t from unnest(records) t order by 1), basis, me.actor, me.role, me.session_id, until)
  returning r.id into made;
  perform wardkeep.note_crossing(me, array[from_branch, to_branch], 'create', 'referral', made::text, for_subject,
    jsonb_build_object('records', records, 'basis', basis, 'until', until));
  return made;
end
$$;
comment on function wardkeep.refer(text, text, text, text[], timestamptz, text) is
  'Records a referral: one person of a branch of the context, to another branch of the tenant, the named tables, until then. Shows nothing by itself. Fails with WK1xx, WK009, WK230.';

create function wardkeep.withdraw_referral(referral uuid, reason text) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  rule jsonb := (select r.crossings -> 'referral' from wardkeep.policy_rule r);
  me wardkeep.token;
  ended wardkeep.referral;
  behind boolean;
begin
  perform wardkeep.require_read_committed();
  if coalesce(btrim(reason), '') = '' then
    raise exception 'withdrawing needs a reason' using errcode = 'WK230';
  end if;
  -- Before the locks and again behind all of them, as in 240_assign.sql.
  foreach behind in array '{false,true}'::boolean[] loop
    me := wardkeep.authority_to_cross(rule -> 'from', 'this role may not withdraw a referral', 'WK230');
    select r.* into ended from wardkeep.referral r
     where r.id = withdraw_referral.referral and r.tenant = me.tenant and r.from_branch = any (wardkeep.branches()) and r.ended_at is null;
    if not found then
      raise exception 'there is no open referral of this id from a branch of the context' using errcode = 'WK230';
    end if;
    exit when behind;
    perform from wardkeep.referral r where r.id = ended.id for update;
    perform from wardkeep.token t where t.referral = ended.id order by t.digest for update;
  end loop;
  update wardkeep.referral r set ended_at = clock_timestamp(), ended_by = me.actor, end_reason = reason where r.id = ended.id;
  delete from wardkeep.token t where t.referral = ended.id;
  perform wardkeep.note_crossing(me, array[ended.from_branch, ended.to_branch], 'delete', 'referral', ended.id::text, ended.subject,
    jsonb_build_object('reason', reason));
end
$$;
comment on function wardkeep.withdraw_referral(uuid, text) is
  'Ends a referral from a branch of the context; holds on the next statement of whoever opened it. Fails with WK1xx, WK009, WK230.';

create function wardkeep.list_referrals() returns setof wardkeep.referral
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified();
  rule jsonb := (select r.crossings -> 'referral' from wardkeep.policy_rule r);
  held text[] := wardkeep.branches();
begin
  if me.subjects is not null or not coalesce(rule -> 'from' ? me.role or rule -> 'to' ? me.role, false) then
    raise exception 'this role sees no referrals' using errcode = 'WK230';
  end if;
  return query select r.* from wardkeep.referral r
    where r.tenant = me.tenant and ((rule -> 'from' ? me.role and r.from_branch = any (held)) or (rule -> 'to' ? me.role and r.to_branch = any (held)))
    order by r.referred_at, r.id;
end
$$;
comment on function wardkeep.list_referrals() is
  'Referrals from and to the branches of the context, ended ones too, as far as the role refers or opens them. Fails with WK1xx, WK230.';
-- The same two steps as an emergency (243): what is recorded is committed, then the issuer's login opens it. The person of
-- the vendor holds nothing in the clinic, so it is the clinic that allows it in its own context; without that word the
-- issuer's login declares it, with a code.
create function wardkeep.record_support(s wardkeep.support) returns uuid
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  rule jsonb := (select r.support from wardkeep.policy_rule r);
  ends timestamptz := s.valid_until;
  made uuid;
begin
  if not coalesce(wardkeep.names_person(s.actor), false) or coalesce(btrim(s.reason), '') = '' then
    raise exception 'a support session names a person and a reason' using errcode = 'WK240';
  end if;
  if not coalesce(ends > clock_timestamp() and ends <= clock_timestamp() + make_interval(secs => (rule ->> 'longest')::double precision), false) then
    raise exception 'a support session lasts no longer than the policy file says' using errcode = 'WK240';
  end if;
  if not wardkeep.tenant_kept(s.tenant)
     or (s.branch is not null and not exists (select from wardkeep.known_branch k where k.branch = s.branch and k.tenant = s.tenant)) then
    raise exception 'the tenant or the branch is unknown' using errcode = 'WK240';
  end if;
  insert into wardkeep.support as x (tenant, branch, actor, reason, code, allowed_by, allowed_as, valid_until)
  values (s.tenant, s.branch, s.actor, s.reason, s.code, s.allowed_by, s.allowed_as, ends)
  on conflict (actor, tenant) where code is not null and ended_at is null do nothing returning x.id into made;
  if made is null then
    raise exception 'the last support session of this person without the clinic''s word waits for it' using errcode = 'WK240',
      hint = 'Somebody of support.allowedBy ends it with a note: endSupport.';
  end if;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values (case when s.code is null then 'support_allowed' else 'support_declared' end, s.allowed_by, s.tenant,
    jsonb_build_object('support', made, 'to', s.actor, 'as', s.allowed_as, 'code', s.code, 'until', ends));
  return made;
end
$$;
comment on function wardkeep.record_support(wardkeep.support) is 'Internal: writes a support session that may be opened. Fails with WK240.';

create function wardkeep.declare_support(request text, kid text, mac bytea) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  body jsonb := wardkeep.authentic_request(request, kid, mac, 'declare_support');
  s wardkeep.support;
begin
  if not coalesce((select r.support -> 'breakGlass' ? (body ->> 'code') from wardkeep.policy_rule r), false) then
    raise exception 'without the clinic''s word it needs a code of the policy file' using errcode = 'WK240';
  end if;
  s.tenant := body ->> 'tenant';
  s.branch := body ->> 'branch';
  s.actor := body ->> 'actor';
  s.reason := body ->> 'reason';
  s.code := body ->> 'code';
  s.allowed_by := body ->> 'actor';
  s.allowed_as := 'vendor';
  s.valid_until := clock_timestamp() + make_interval(mins => (body ->> 'minutes')::integer);
  return wardkeep.record_support(s);
end
$$;
comment on function wardkeep.declare_support(text, text, bytea) is
  'Records a support session that no clinic allowed, with a code. Shows nothing by itself. For the issuer login. Fails with WK202, WK240.';

create function wardkeep.open_support(request text, kid text, mac bytea)
  returns table (session_id uuid, tenant text, branches text[], role text, db_role text, purpose text, token text, valid_until timestamptz)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  body jsonb := wardkeep.authentic_request(request, kid, mac, 'support');
  second_factor timestamptz := wardkeep.instant(body ->> 'mfa_at');
  in_tenant text;
  s wardkeep.support;
  allowed jsonb;
  rule wardkeep.policy_actor;
  t wardkeep.token;
begin
  select x.tenant into in_tenant from wardkeep.support x where x.id = (body ->> 'support')::uuid and x.actor = body ->> 'actor';
  if not found then
    raise exception 'there is no support session to open for this person' using errcode = 'WK240', hint = 'Commit what allows it first.';
  end if;
  perform wardkeep.alone(body ->> 'actor', '');
  perform wardkeep.alone(body ->> 'actor', in_tenant);
  perform wardkeep.tenant_beside(in_tenant);
  select x.* into s from wardkeep.support x
   where x.id = (body ->> 'support')::uuid and x.actor = body ->> 'actor' and x.valid_until > clock_timestamp() and x.ended_at is null for update;
  -- By the policy that is in force now, which may be a stricter one.
  select r.support into allowed from wardkeep.policy_rule r;
  t.valid_until := least(s.valid_until, s.allowed_at + make_interval(secs => (allowed ->> 'longest')::double precision));
  select p.* into rule from wardkeep.policy_actor p where p.kind = 'role' and p.name = allowed ->> 'role'
     and (s.code is null and allowed -> 'allowedBy' ? s.allowed_as or allowed -> 'breakGlass' ? s.code) and t.valid_until > clock_timestamp();
  t.branches := array(select k.branch from wardkeep.known_branch k
    where k.tenant = s.tenant and (s.branch is null or k.branch = s.branch) order by k.branch);
  if rule.name is null or cardinality(t.branches) = 0 then
    raise exception 'there is no support session to open for this person' using errcode = 'WK240';
  end if;
  if second_factor > now() + interval '2 minutes' then
    raise exception 'the second factor lies in the future' using errcode = 'WK202';
  end if;
  if rule.mfa_seconds is not null and coalesce(second_factor < now() - make_interval(secs => rule.mfa_seconds), true) then
    raise exception 'this role asks for a newer second factor' using errcode = 'WK202', detail = rule.name;
  end if;
  t.valid_until := least(t.valid_until, second_factor + make_interval(secs => rule.mfa_seconds));
  insert into wardkeep.session (kind, actor, label, kid, mfa_at, valid_until)
  values ('person', s.actor, 'support', open_support.kid, second_factor, t.valid_until) returning id into t.session_id;
  t.tenant := s.tenant;
  t.db_role := rule.db_role;
  t.role := rule.name;
  t.purpose := rule.purposes[1];
  t.actor := s.actor;
  t.mfa_at := second_factor;
  t.valid_from := now();
  t.support := s.id;
  token := wardkeep.mint(open_support.kid, t);
  if token is null then
    raise exception 'the tenant took this role away' using errcode = 'WK240';
  end if;
  session_id := t.session_id;
  tenant := t.tenant;
  branches := t.branches;
  role := t.role;
  db_role := t.db_role;
  purpose := t.purpose;
  valid_until := t.valid_until;
  update wardkeep.support x set opened_at = coalesce(x.opened_at, clock_timestamp()) where x.id = s.id;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('support_opened', s.actor, s.tenant, jsonb_build_object('support', s.id, 'session', t.session_id, 'until', t.valid_until,
    'roles', jsonb_build_array(jsonb_build_object('tenant', s.tenant, 'role', rule.name))));
  return next;
end
$$;
comment on function wardkeep.open_support(text, text, bytea) is
  'Opens a support session that is on record, for the person it names, until then. For the issuer login. Fails with WK202, WK240.';
create function wardkeep.open_referral(request text, kid text, mac bytea)
  returns table (session_id uuid, tenant text, branches text[], role text, db_role text, purpose text, token text, valid_until timestamptz)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  body jsonb := wardkeep.authentic_request(request, kid, mac, 'referral');
  in_tenant text;
  r wardkeep.referral;
  allowed jsonb;
  ends timestamptz;
  rule wardkeep.policy_actor;
  t wardkeep.token;
begin
  select g.tenant into in_tenant from wardkeep.referral g where g.id = (body ->> 'referral')::uuid;
  if not found then
    raise exception 'there is no referral to open in this session' using errcode = 'WK230', hint = 'Commit the referral first.';
  end if;
  perform wardkeep.alone(body ->> 'actor', '');
  perform wardkeep.alone(body ->> 'actor', in_tenant);
  perform wardkeep.tenant_beside(in_tenant);
  select g.* into r from wardkeep.referral g
   where g.id = (body ->> 'referral')::uuid and g.valid_until > clock_timestamp() and g.ended_at is null for update;
  perform from wardkeep.session s where s.id = (body ->> 'session_id')::uuid and s.ended_at is null for share;
  select p.crossings -> 'referral' into allowed from wardkeep.policy_rule p;
  if found and r.id is not null then
    select k.* into t from wardkeep.token k join wardkeep.session s on s.id = k.session_id and s.ended_at is null and s.kind = 'person'
     where k.session_id = (body ->> 'session_id')::uuid and k.tenant = r.tenant and k.actor = body ->> 'actor' and allowed -> 'to' ? k.role
       and r.to_branch = any (k.branches) and k.subjects is null and k.valid_until > clock_timestamp() and k.valid_from <= clock_timestamp()
     order by k.valid_until desc, k.mfa_at desc nulls last limit 1;
  end if;
  -- By the policy that is in force now, which may be a stricter one than when the person was referred.
  ends := least(t.valid_until, r.valid_until, r.referred_at + make_interval(secs => (allowed ->> 'longest')::double precision));
  select p.* into rule from wardkeep.policy_actor p where p.kind = 'role' and p.name = allowed ->> 'role'
     and p.confined and allowed -> 'bases' ? r.basis and allowed -> 'from' ? r.referred_as and ends > clock_timestamp();
  if t.digest is null or rule.name is null
     or 2 <> (select count(*) from wardkeep.known_branch k where k.branch in (r.from_branch, r.to_branch) and k.tenant = r.tenant) then
    raise exception 'there is no referral to open in this session' using errcode = 'WK230';
  end if;
  if rule.mfa_seconds is not null and coalesce(t.mfa_at < now() - make_interval(secs => rule.mfa_seconds), true) then
    raise exception 'this role asks for a newer second factor' using errcode = 'WK202', detail = rule.name;
  end if;
  t.branches := array[r.from_branch];
  t.branch_group := null;
  t.role := rule.name;
  t.db_role := rule.db_role;
  t.purpose := rule.purposes[1];
  t.subjects := array[r.subject];
  t.referral := r.id;
  t.break_glass := null;
  t.assigned := false;
  t.denied := array(select a || ' ' || x from jsonb_array_elements_text(allowed -> 'tables') x
    cross join unnest('{read,create,update,delete}'::text[]) a where x <> all (r.records));
  t.valid_from := now();
  t.valid_until := ends;
  token := wardkeep.mint(open_referral.kid, t);
  if token is null then
    raise exception 'the tenant took this role away' using errcode = 'WK230';
  end if;
  session_id := t.session_id;
  tenant := t.tenant;
  branches := t.branches;
  role := t.role;
  db_role := t.db_role;
  purpose := t.purpose;
  valid_until := t.valid_until;
  update wardkeep.referral g set opened_at = clock_timestamp(), opened_by = t.actor where g.id = r.id and g.opened_at is null;
  perform wardkeep.note_crossing(t, array[r.from_branch, r.to_branch], 'open', 'referral', r.id::text, r.subject, '{}');
  return next;
end
$$;
comment on function wardkeep.open_referral(text, text, bytea) is
  'Opens the second context of a referral for whoever may in the other branch: that person, those tables, until then. For the issuer login. Fails with WK202, WK230.';
create function wardkeep.support_authority() returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
begin
  if me.subjects is not null or not exists (select from wardkeep.policy_rule r where r.support -> 'allowedBy' ? me.role)
     or not exists (select from wardkeep.session s where s.id = me.session_id and s.kind = 'person') then
    raise exception 'this role does not decide about support sessions' using errcode = 'WK240';
  end if;
  return me;
end
$$;
comment on function wardkeep.support_authority() is 'Internal: the token in force, if its role allows support sessions. Fails with WK1xx, WK240.';

-- Branches that a session covers are one's own, or it is another's to decide about.
create function wardkeep.support_is_theirs(me wardkeep.token, in_branch text) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  select case when in_branch is not null then in_branch = any (me.branches)
              else me.branches @> array(select k.branch from wardkeep.known_branch k where k.tenant = me.tenant) end;
end;
comment on function wardkeep.support_is_theirs(wardkeep.token, text) is 'Internal: whether a support session lies within the branches of a context.';

create function wardkeep.allow_support(for_actor text, in_branch text, reason text, minutes integer) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.support_authority();
  s wardkeep.support;
  made uuid;
begin
  perform wardkeep.require_read_committed();
  if for_actor = me.actor then
    raise exception 'nobody allows a support session to themselves' using errcode = 'WK240';
  end if;
  if not coalesce(wardkeep.support_is_theirs(me, in_branch), false) then
    raise exception 'this context does not reach the branches of that support session' using errcode = 'WK240';
  end if;
  s.tenant := me.tenant;
  s.branch := in_branch;
  s.actor := for_actor;
  s.reason := allow_support.reason;
  s.allowed_by := me.actor;
  s.allowed_as := me.role;
  s.valid_until := clock_timestamp() + make_interval(mins => minutes);
  made := wardkeep.record_support(s);
  -- Behind the wait for the end of the tenant, as in 240_assign.sql.
  perform wardkeep.support_authority();
  return made;
end
$$;
comment on function wardkeep.allow_support(text, text, text, integer) is
  'Allows one person of the vendor a support session in a branch, or with null in the whole tenant, for minutes. Fails with WK009, WK1xx, WK240.';

create function wardkeep.list_support() returns setof wardkeep.support
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.support_authority();
begin
  -- A session over the whole clinic touches each of its branches.
  return query select s.* from wardkeep.support s
    where s.tenant = me.tenant and (s.branch is null or s.branch = any (me.branches)) order by s.allowed_at, s.id;
end
$$;
comment on function wardkeep.list_support() is 'Every support session in one''s own branches, those that are over too. Fails with WK1xx, WK240.';

-- Ending takes nothing that is the clinic's, so whoever sees one may end it, also one that covers more than their branches.
create function wardkeep.end_support(session uuid, note text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.support_authority();
begin
  perform wardkeep.require_read_committed();
  if coalesce(btrim(note), '') = '' then
    raise exception 'ending a support session needs a note' using errcode = 'WK240';
  end if;
  -- Waited for first; the token of one that is being opened is there behind the wait.
  perform from wardkeep.support s
    where s.id = end_support.session and s.tenant = me.tenant and (s.branch is null or s.branch = any (me.branches)) and s.ended_at is null for update;
  if not found then
    return false;
  end if;
  perform from wardkeep.session x where x.id in (select t.session_id from wardkeep.token t where t.support = end_support.session) order by x.id for update;
  perform from wardkeep.token t where t.support = end_support.session order by t.digest for update;
  me := wardkeep.support_authority();
  update wardkeep.support s set ended_at = clock_timestamp(), ended_by = me.actor, end_note = note where s.id = end_support.session;
  update wardkeep.session x set ended_at = clock_timestamp(), end_reason = 'ended by the clinic'
   where x.ended_at is null and x.id in (select t.session_id from wardkeep.token t where t.support = end_support.session);
  delete from wardkeep.token t where t.support = end_support.session;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('support_ended', me.actor, me.tenant, jsonb_build_object('support', end_support.session));
  return true;
end
$$;
comment on function wardkeep.end_support(uuid, text) is
  'Ends a support session, from the next statement on, or says after its end that it was seen. False: there is none, or it was ended before. Fails with WK009, WK1xx, WK240.';
-- One statement changes the branch of every row: PostgreSQL checks foreign keys at its end, so the order of composite keys
-- is no question. It is generated from the policy file (wk_move_person, wk_merge_branch) and runs as the owner, under the
-- fence of the caller's context, which must hold both branches.
create function wardkeep.movable(roles jsonb, from_branch text, to_branch text, reason text) returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.authority_to_cross(roles, 'this role may not move that', 'WK231');
begin
  if from_branch is not distinct from to_branch or not coalesce(array[from_branch, to_branch] <@ wardkeep.branches(), false) then
    raise exception 'a move is from one branch of the context to another one of it' using errcode = 'WK231';
  end if;
  if coalesce(btrim(reason), '') = '' then
    raise exception 'a move needs a reason' using errcode = 'WK231';
  end if;
  return me;
end
$$;
comment on function wardkeep.movable(jsonb, text, text, text) is
  'Internal: the token in force, if it is of one of the roles and holds both branches. Fails with WK1xx, WK231.';

create function wardkeep.move_rows(statement text, from_branch text, to_branch text, subject text) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  moved jsonb;
  of_table text;
  of_constraint text;
begin
  execute statement using from_branch, to_branch, subject into moved;
  return moved;
exception
  when foreign_key_violation then
    get stacked diagnostics of_table = table_name, of_constraint = constraint_name;
    raise exception 'rows hang together across the two branches: % of %', of_constraint, of_table using errcode = 'WK231',
      hint = 'A row that would move refers to one that stays, or the other way round, or was written meanwhile.';
  when unique_violation or exclusion_violation then
    get stacked diagnostics of_table = table_name, of_constraint = constraint_name;
    raise exception 'the other branch has the same key already: % of %', of_constraint, of_table using errcode = 'WK231',
      hint = 'Change or remove one of the two rows first.';
  when invalid_text_representation then
    raise exception 'there is no such person in the branch' using errcode = 'WK231';
  when undefined_table or undefined_function then
    get stacked diagnostics of_table = pg_exception_context;
    raise exception 'a trigger of a table that moves names what is not in its search path: %',
      coalesce(substring(of_table from 'PL/pgSQL function ([^(]+)'), 'see the trigger functions of the tables') using errcode = 'WK233',
      hint = 'A move runs with the search path pg_catalog, pg_temp: qualify the names, or write set search_path on that function.';
end
$$;
comment on function wardkeep.move_rows(text, text, text, text) is
  'Internal: runs the generated statement, and says which constraint or trigger stopped it. Fails with WK231, WK233.';

create function wardkeep.move_patient(for_subject text, from_branch text, to_branch text, reason text) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  rule jsonb := (select r.crossings from wardkeep.policy_rule r);
  me wardkeep.token := wardkeep.movable(rule -> 'movedBy', from_branch, to_branch, reason);
  moved jsonb;
  made uuid;
begin
  perform wardkeep.require_read_committed();
  perform wardkeep.tenant_kept(me.tenant);
  perform from wardkeep.referral r where r.tenant = me.tenant and r.subject = for_subject and r.ended_at is null order by r.id for update;
  perform from wardkeep.token t where t.tenant = me.tenant and for_subject = any (t.subjects) order by t.digest for update;
  me := wardkeep.movable(rule -> 'movedBy', from_branch, to_branch, reason);
  perform wardkeep.carry_ledger(me.tenant, from_branch, to_branch, for_subject, reason);
  moved := wardkeep.move_rows(format('select %I.wk_move_person($1, $2, $3)', rule ->> 'schema'), from_branch, to_branch, for_subject);
  if (moved ->> (rule ->> 'people'))::bigint is distinct from 1 then
    raise exception 'there is no such person in the branch' using errcode = 'WK231';
  end if;
  -- What was opened for this person is of a branch where the person is no more.
  perform wardkeep.end_referrals(me.tenant, null, for_subject, me.actor, 'the person was moved');
  delete from wardkeep.token t where t.tenant = me.tenant and for_subject = any (t.subjects);
  insert into wardkeep.move as m (tenant, from_branch, to_branch, subject, reason, moved_by, moved_as, rows)
  values (me.tenant, from_branch, to_branch, for_subject, reason, me.actor, me.role, moved) returning m.id into made;
  perform wardkeep.note_crossing(me, array[from_branch, to_branch], 'create', 'move', made::text, for_subject, jsonb_build_object('reason', reason, 'rows', moved));
  return made;
end
$$;
comment on function wardkeep.move_patient(text, text, text, text) is
  'Moves a person and every row that hangs on it to another branch of the context, in this transaction. The consent ledger goes along. Ends what was opened for the person. Fails with WK1xx, WK009, WK231, WK232, WK233, WK503.';

create function wardkeep.merge_branches(from_branch text, to_branch text, reason text) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  rule jsonb := (select r.crossings from wardkeep.policy_rule r);
  me wardkeep.token := wardkeep.movable(rule -> 'mergedBy', from_branch, to_branch, reason);
  moved jsonb;
  made uuid;
begin
  perform wardkeep.require_read_committed();
  -- First the branch, as whoever deletes one does: who inserts a row of it waits here, and finds it gone.
  perform wardkeep.move_rows(format('select %I.wk_hold_branch($1)', rule ->> 'schema'), from_branch, to_branch, null);
  perform wardkeep.tenant_alone(me.tenant);
  perform from wardkeep.assignment a where a.tenant = me.tenant and a.branch = from_branch and a.revoked_at is null order by a.id for update;
  perform wardkeep.hold('{}', array[from_branch]);
  me := wardkeep.movable(rule -> 'mergedBy', from_branch, to_branch, reason);
  perform wardkeep.carry_ledger(me.tenant, from_branch, to_branch, null, reason);
  moved := wardkeep.move_rows(format('select %I.wk_merge_branch($1, $2)', rule ->> 'schema'), from_branch, to_branch, null);
  insert into wardkeep.move as m (tenant, from_branch, to_branch, reason, moved_by, moved_as, rows)
  values (me.tenant, from_branch, to_branch, reason, me.actor, me.role, moved) returning m.id into made;
  perform wardkeep.note_crossing(me, array[from_branch, to_branch], 'create', 'move', made::text, null, jsonb_build_object('reason', reason, 'rows', moved));
  perform wardkeep.revoke_one(a.id, me.actor, 'branch closed')
    from (select h.id from wardkeep.assignment h where h.tenant = me.tenant and h.branch = from_branch and h.revoked_at is null order by h.id) a;
  -- Its mirror takes it out of groups and of open sessions, this one among them.
  perform wardkeep.move_rows(format('select %I.wk_close_branch($1)', rule ->> 'schema'), from_branch, to_branch, null);
  return made;
end
$$;
comment on function wardkeep.merge_branches(text, text, text) is
  'Puts every row of a branch into another branch of the context and closes it: its row goes, assignments to it end, sessions lose it. Fails with WK1xx, WK009, WK231, WK232, WK233, WK503.';
-- A clinic agrees, is counted under its own context, and withdraws. Nothing here is read over clinics.
create function wardkeep.aggregate_definition(of_aggregate text) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
  return (select r.aggregates -> 'figures' -> of_aggregate from wardkeep.policy_rule r);
comment on function wardkeep.aggregate_definition(text) is 'Internal: the figures of this name as the policy in force declares them, or null.';

create function wardkeep.aggregate_authority() returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.authority_to_cross((select r.aggregates -> 'agreedBy' from wardkeep.policy_rule r),
    'this role does not decide about aggregates', 'WK250');
begin
  if not wardkeep.support_is_theirs(me, null) then
    raise exception 'what is counted is of every branch, and this context does not hold them all' using errcode = 'WK250';
  end if;
  return me;
end
$$;
comment on function wardkeep.aggregate_authority() is
  'Internal: the token in force, if its role decides about aggregates and it holds every branch of its clinic. Fails with WK1xx, WK250.';

create function wardkeep.end_agreement(in_tenant text, of_aggregate text, by_actor text, why text) returns uuid
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  ended uuid;
begin
  update wardkeep.aggregate_agreement a set ended_at = clock_timestamp(), ended_by = by_actor, end_reason = why
   where a.tenant = in_tenant and a.aggregate = of_aggregate and a.ended_at is null returning a.id into ended;
  -- Released ones stay: that is what the clinic can see was published.
  delete from wardkeep.aggregate_contribution c where c.tenant = in_tenant and c.aggregate = of_aggregate and c.release is null;
  return ended;
end
$$;
comment on function wardkeep.end_agreement(text, text, text, text) is
  'Internal: ends what a clinic agreed to and takes back what was not released; null where there was nothing.';

create function wardkeep.agree_to_aggregate(of_aggregate text) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.aggregate_authority();
  wanted jsonb := wardkeep.aggregate_definition(of_aggregate);
  made uuid;
begin
  perform wardkeep.require_read_committed();
  if wanted is null then
    raise exception 'the policy file publishes nothing of that name' using errcode = 'WK250';
  end if;
  perform wardkeep.tenant_alone(me.tenant);
  me := wardkeep.aggregate_authority();
  select a.id into made from wardkeep.aggregate_agreement a
   where a.tenant = me.tenant and a.aggregate = of_aggregate and a.ended_at is null and a.definition = wanted;
  if made is not null then
    return made;
  end if;
  perform wardkeep.end_agreement(me.tenant, of_aggregate, me.actor, 'the figures changed, and were agreed to again');
  insert into wardkeep.aggregate_agreement as a (tenant, aggregate, definition, agreed_by, agreed_as)
  values (me.tenant, of_aggregate, wanted, me.actor, me.role) returning a.id into made;
  perform wardkeep.note_crossing(me, array[null]::text[], 'create', 'aggregate_agreement', made::text, null,
    jsonb_build_object('aggregate', of_aggregate, 'definition', wanted));
  return made;
end
$$;
comment on function wardkeep.agree_to_aggregate(text) is
  'The clinic of the context agrees to be counted for these figures, as they are declared now. Fails with WK009, WK1xx, WK250.';

create function wardkeep.withdraw_from_aggregate(of_aggregate text, reason text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.aggregate_authority();
  ended uuid;
begin
  perform wardkeep.require_read_committed();
  if coalesce(btrim(reason), '') = '' then
    raise exception 'withdrawing needs a reason' using errcode = 'WK250';
  end if;
  perform wardkeep.tenant_alone(me.tenant);
  me := wardkeep.aggregate_authority();
  ended := wardkeep.end_agreement(me.tenant, of_aggregate, me.actor, reason);
  if ended is null then
    return false;
  end if;
  perform wardkeep.note_crossing(me, array[null]::text[], 'delete', 'aggregate_agreement', ended::text, null,
    jsonb_build_object('aggregate', of_aggregate, 'reason', reason));
  return true;
end
$$;
comment on function wardkeep.withdraw_from_aggregate(text, text) is
  'The clinic of the context is counted no more, and what was not released is taken back; false where it had not agreed. Fails with WK009, WK1xx, WK250.';

create function wardkeep.list_aggregate_agreements() returns setof wardkeep.aggregate_agreement
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.aggregate_authority();
begin
  return query select a.* from wardkeep.aggregate_agreement a where a.tenant = me.tenant order by a.agreed_at, a.id;
end
$$;
comment on function wardkeep.list_aggregate_agreements() is 'What the clinic of the context agreed to, also what is over. Fails with WK1xx, WK250.';

-- Whether, not what: a clinic that knows its own part would take it from the figure and have the rest.
create function wardkeep.list_aggregate_contributions()
  returns table (aggregate text, month date, cell text, persons bigint, value numeric, counted_at timestamptz, released_at timestamptz, published boolean)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.aggregate_authority();
begin
  return query select c.aggregate, c.month, c.cell, c.persons, c.value, c.counted_at, r.released_at, f.value is not null
    from wardkeep.aggregate_contribution c left join wardkeep.aggregate_release r on r.id = c.release
    left join wardkeep.aggregate_figure f on f.release = c.release and f.cell = c.cell
   where c.tenant = me.tenant order by c.aggregate, c.month, c.cell;
end
$$;
comment on function wardkeep.list_aggregate_contributions() is
  'What was counted of the clinic of the context, and whether the figure it went into was published. Fails with WK1xx, WK250.';
-- Counted as the owner, clinic by clinic, under the fence of the service's own context: no definer sees rows of two clinics.
create function wardkeep.month_is_over(month date) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
  return coalesce(month = date_trunc('month', month::timestamp) and month > date '1900-01-01'
    and month + interval '1 month' <= clock_timestamp() at time zone 'UTC', false);
comment on function wardkeep.month_is_over(date) is 'Internal: whether it is the first of a month that is over everywhere it is counted, in UTC.';

create function wardkeep.contribute(of_aggregate text, of_month date) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
  rule jsonb := (select r.aggregates from wardkeep.policy_rule r);
  wanted jsonb := wardkeep.aggregate_definition(of_aggregate);
  agreed uuid;
  cells integer;
begin
  perform wardkeep.require_read_committed();
  if wanted is null or me.role is distinct from rule ->> 'service'
     or not exists (select from wardkeep.session s where s.id = me.session_id and s.kind = 'service') then
    raise exception 'this is not the service that counts these figures' using errcode = 'WK251';
  end if;
  if not wardkeep.support_is_theirs(me, null) or coalesce(current_setting('wardkeep.branch', true), '') <> '' then
    raise exception 'a clinic is counted over every branch of it' using errcode = 'WK251';
  end if;
  if not wardkeep.month_is_over(of_month) then
    raise exception 'a month is counted when it is over; write its first day' using errcode = 'WK251';
  end if;
  perform wardkeep.tenant_kept(me.tenant);
  -- Withdrawing waits for what is being counted, and then takes it back.
  select a.id into agreed from wardkeep.aggregate_agreement a
   where a.tenant = me.tenant and a.aggregate = of_aggregate and a.ended_at is null and a.definition = wanted for share;
  if agreed is null then
    return 0;
  end if;
  lock table wardkeep.aggregate_contribution in row exclusive mode;
  if exists (select from wardkeep.aggregate_release r where r.relation = wanted ->> 'table' and r.month = of_month) then
    raise exception 'that month was released, and is not counted again' using errcode = 'WK251';
  end if;
  delete from wardkeep.aggregate_contribution c where c.relation = wanted ->> 'table' and c.month = of_month and c.tenant = me.tenant;
  execute format('insert into wardkeep.aggregate_contribution (relation, month, tenant, cell, aggregate, agreement, persons, value, largest)
    select $1, $2, $3, f.cell, $4, $5, f.persons, f.value, f.largest from %I.%I($2) f', rule ->> 'schema', 'wk_count_' || of_aggregate)
    using wanted ->> 'table', of_month, me.tenant, of_aggregate, agreed;
  get diagnostics cells = row_count;
  perform wardkeep.note_crossing(me, array[null]::text[], 'share', 'aggregate_contribution', of_aggregate || ' ' || of_month, null,
    jsonb_build_object('cells', cells));
  return cells;
end
$$;
comment on function wardkeep.contribute(text, date) is
  'Counts the clinic of the service''s context for one month; 0 where it did not agree. Fails with WK009, WK1xx, WK251.';

create function wardkeep.may_be_published(of_release uuid, rule jsonb, cells text[]) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  -- Of several cells together: at least so many persons, as one may be in each; at most so much of one person. Of a clinic counts
  -- what it adds in the end: amounts that cancel each other out hide nobody.
  with clinic as (
    select max(c.persons) as persons, abs(sum(c.value)) as part, sum(c.largest) as largest
      from wardkeep.aggregate_contribution c where c.release = of_release and c.cell = any (cells) group by c.tenant
  ), ranked as (select x.*, row_number() over (order by x.part desc) as place from clinic x)
  -- A clinic takes its own from the figure: the rest has the minimum of persons without any one clinic, and the second largest
  -- does not learn the largest to a tenth of it.
  select coalesce(sum(x.persons) - max(x.persons) >= (rule -> 'minimum' ->> 'persons')::numeric
      and count(*) filter (where x.part > 0) >= (rule -> 'minimum' ->> 'clinics')::bigint
      and max(x.part) * 100 <= sum(x.part) * (rule -> 'largest' ->> 'clinic')::numeric
      and sum(x.part) filter (where x.place > 2) * 10 >= max(x.part)
      and max(x.largest) * 100 <= sum(x.part) * (rule -> 'largest' ->> 'person')::numeric, false) from ranked x;
end;
comment on function wardkeep.may_be_published(uuid, jsonb, text[]) is
  'Internal: whether these cells together have enough persons and clinics, also for one of the clinics, and none that is most of them.';

-- What is left when the published cells are taken from the total must be publishable itself.
create function wardkeep.suppressed_cells(of_release uuid, rule jsonb) returns text[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  cells text[] := array(select jsonb_array_elements_text(rule -> 'cells'));
  hidden text[] := array(select x from unnest(cells) x where not wardkeep.may_be_published(of_release, rule, array[x]));
begin
  while cardinality(hidden) > 0 and cardinality(hidden) < cardinality(cells)
      and (cardinality(hidden) = 1 or not wardkeep.may_be_published(of_release, rule, hidden)) loop
    hidden := hidden || (select x from unnest(cells) x where x <> all (hidden)
      order by (select sum(abs(c.value)) from wardkeep.aggregate_contribution c where c.release = of_release and c.cell = x), x collate "C" limit 1);
  end loop;
  return hidden;
end
$$;
comment on function wardkeep.suppressed_cells(uuid, jsonb) is
  'Internal: the cells below the minimum, and as many more, smallest first, as their sum needs to be publishable.';

create function wardkeep.release_aggregate(request text, kid text, mac bytea) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  body jsonb := wardkeep.authentic_request(request, kid, mac, 'release_aggregate');
  wanted jsonb := wardkeep.aggregate_definition(body ->> 'aggregate');
  of_month date := case when body ->> 'month' ~ '^\d{4}-(0[1-9]|1[0-2])-01$' then (body ->> 'month')::date end;
  step numeric := (wanted ->> 'roundTo')::numeric;
  hidden text[];
  made uuid;
begin
  if wanted is null or coalesce(btrim(body ->> 'by'), '') = '' or not wardkeep.month_is_over(of_month) then
    raise exception 'a release names figures of the policy file, a month that is over by its first day, and who releases it' using errcode = 'WK252';
  end if;
  -- Whoever withdraws or counts comes before, and is seen, or after, and finds the release.
  lock table wardkeep.aggregate_agreement, wardkeep.aggregate_contribution in share row exclusive mode;
  if exists (select from wardkeep.aggregate_release r where r.relation = wanted ->> 'table'
      and (r.month = of_month or r.definition ->> 'month' <> wanted ->> 'month')) then
    raise exception 'rows of this table were released for that month, or by another date of theirs' using errcode = 'WK252',
      hint = 'Two releases of the same rows could be subtracted from each other; wait for the next month, or publish another table.';
  end if;
  insert into wardkeep.aggregate_release as r (aggregate, relation, month, definition, released_by)
  values (body ->> 'aggregate', wanted ->> 'table', of_month, wanted, body ->> 'by') returning r.id into made;
  update wardkeep.aggregate_contribution c set release = made from wardkeep.aggregate_agreement a
   where c.relation = wanted ->> 'table' and c.month = of_month and a.id = c.agreement and a.ended_at is null
     and a.aggregate = body ->> 'aggregate' and a.definition = wanted;
  delete from wardkeep.aggregate_contribution c where c.relation = wanted ->> 'table' and c.month = of_month and c.release is null;
  if not wardkeep.may_be_published(made, wanted, array['']) then
    raise exception 'too few clinics or persons, or one of them is too much of it' using errcode = 'WK252', hint = 'Count more clinics first.';
  end if;
  hidden := wardkeep.suppressed_cells(made, wanted);
  insert into wardkeep.aggregate_figure (release, cell, value)
  select made, x.cell, case when x.cell <> all (hidden) then
      (select round(sum(c.value) / step) * step from wardkeep.aggregate_contribution c where c.release = made and c.cell = x.cell) end
    from (select '' as cell union all select jsonb_array_elements_text(wanted -> 'cells')) x;
  perform wardkeep.note_release(made);
  return made;
end
$$;
comment on function wardkeep.release_aggregate(text, text, bytea) is
  'Publishes a month of figures, once, from the clinics that agree now. For the issuer login. Fails with WK009, WK202, WK252.';
create function wardkeep.note_release(made uuid) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  r wardkeep.aggregate_release := (select x from wardkeep.aggregate_release x where x.id = made);
  me wardkeep.token;
begin
  me.actor := r.released_by;
  me.role := 'vendor';
  me.purpose := 'aggregates';
  for me.tenant in select distinct c.tenant from wardkeep.aggregate_contribution c where c.release = made order by 1 loop
    perform wardkeep.note_crossing(me, array[null]::text[], 'export', 'aggregate_release', made::text, null,
      jsonb_build_object('aggregate', r.aggregate, 'month', r.month));
  end loop;
end
$$;
comment on function wardkeep.note_release(uuid) is 'Internal: a release is an event of each clinic that is in it.';

-- No argument: whoever may ask for a part may ask for two parts that overlap. Volatile, so that it can record.
create function wardkeep.figures()
  returns table (aggregate text, month date, cell text, value numeric, rounded_to numeric, released_at timestamptz)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into wardkeep.activity (kind, actor, detail) values ('figures_read', session_user, '{}');
  return query select r.aggregate, r.month, f.cell, f.value, (r.definition ->> 'roundTo')::numeric, r.released_at
    from wardkeep.aggregate_figure f join wardkeep.aggregate_release r on r.id = f.release order by r.aggregate, r.month, f.cell;
end
$$;
comment on function wardkeep.figures() is
  'Every figure that was published, null where it is suppressed; the empty cell is all of the month. For the vendor''s login. Each call is recorded.';

create function wardkeep.forget_contributions(gone text, successor text, why text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update wardkeep.aggregate_agreement a set ended_at = clock_timestamp(), ended_by = 'login:' || session_user, end_reason = why
   where a.tenant = gone and a.ended_at is null;
  delete from wardkeep.aggregate_contribution c where c.tenant = gone and (c.release is null or successor is null);
  update wardkeep.aggregate_contribution c set tenant = successor where c.tenant = gone;
end
$$;
comment on function wardkeep.forget_contributions(text, text, text) is
  'Internal: of a tenant that is deleted nothing stays but the figures that were published; under another key it agrees anew.';
create function wardkeep.pad(secret bytea, mask integer) returns bytea
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  block bytea := secret || decode(repeat('00', 64 - octet_length(secret)), 'hex');
begin
  for i in 0..63 loop
    block := set_byte(block, i, get_byte(block, i) # mask);
  end loop;
  return block;
end
$$;
comment on function wardkeep.pad(bytea, integer) is 'Internal: the key block of RFC 2104, XORed with the mask.';

create function wardkeep.add_key(kid text, secret bytea) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if octet_length(secret) is distinct from 32 then
    raise exception 'a signing key has 32 bytes' using errcode = 'WK009';
  end if;
  insert into wardkeep.signing_key (kid, inner_pad, outer_pad)
  values (add_key.kid, wardkeep.pad(secret, 54), wardkeep.pad(secret, 92));
  insert into wardkeep.activity (kind, detail) values ('key_added', jsonb_build_object('kid', add_key.kid));
end
$$;
comment on function wardkeep.add_key(text, bytea) is 'Adds a signing key; old and new are valid side by side. For the owner.';

create function wardkeep.retire_key(kid text, end_sessions boolean) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  ended integer := 0;
begin
  perform wardkeep.require_read_committed();
  update wardkeep.signing_key k set retired_at = now() where k.kid = retire_key.kid and k.retired_at is null;
  if not found then
    raise exception 'no live key has this id' using errcode = 'WK009';
  end if;
  if end_sessions then
    perform from wardkeep.session s where s.kid = retire_key.kid and s.ended_at is null order by s.id for update;
    perform from wardkeep.token t join wardkeep.session s on s.id = t.session_id and s.kid = retire_key.kid and s.ended_at is null
      order by t.digest for update of t;
    select count(*) filter (where wardkeep.end_session(s.id, 'key retired')) into ended
      from wardkeep.session s where s.kid = retire_key.kid and s.ended_at is null;
  end if;
  insert into wardkeep.activity (kind, detail) values ('key_retired', jsonb_build_object('kid', retire_key.kid, 'ended', ended));
  return ended;
end
$$;
comment on function wardkeep.retire_key(text, boolean) is
  'Refuses new requests under a key and, if asked, ends every session issued under it. For the owner. Fails with WK009.';
-- What the consent ledger holds about who moves, before any row does: each then finds the bits of its person in the new branch.
-- Without the ledger there is nothing to carry.
create function wardkeep.carry_ledger(of_tenant text, from_branch text, to_branch text, for_subject text, reason text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regproc('wardkeep_consent.everybody') is null then
    return;
  end if;
  if for_subject is null then
    perform wardkeep_consent.carry_all(of_tenant, from_branch, to_branch, reason);
  else
    perform wardkeep_consent.carry(of_tenant, from_branch, to_branch, for_subject, reason);
  end if;
end
$$;
comment on function wardkeep.carry_ledger(text, text, text, text, text) is
  'Internal: carries the consent ledger of a person, or of everybody in a branch, to another branch. Fails with WK009, WK232.';
create function wardkeep.hold(tenants text[], branches text[]) returns void
  language sql volatile
begin atomic
  select from wardkeep.assignment a where a.tenant = any (hold.tenants) and a.revoked_at is null order by a.id for update;
  select from wardkeep.break_glass b where b.tenant = any (hold.tenants) and b.reviewed_at is null order by b.id for update;
  select from wardkeep.referral r where (r.tenant = any (hold.tenants) or array[r.from_branch, r.to_branch] && hold.branches)
      and r.ended_at is null order by r.id for update;
  select from wardkeep.support s where (s.tenant = any (hold.tenants) or s.branch = any (hold.branches)) and s.ended_at is null order by s.id for update;
  select from wardkeep.session s where s.ended_at is null and s.id in
      (select t.session_id from wardkeep.token t where t.tenant = any (hold.tenants) or t.branches && hold.branches)
    order by s.id for update;
  select from wardkeep.token t where t.tenant = any (hold.tenants) or t.branches && hold.branches
      or t.referral in (select r.id from wardkeep.referral r where r.ended_at is null and r.to_branch = any (hold.branches))
    order by t.digest for update;
end;
comment on function wardkeep.hold(text[], text[]) is
  'Internal: locks what holds in these tenants and what reaches these branches, in the order of locks: of all of them at once, before the first of them ends.';

create function wardkeep.end_referrals(in_tenant text, of_branch text, of_subject text, by_actor text, why text) returns void
  language sql volatile
begin atomic
  with ended as (
    update wardkeep.referral r set ended_at = clock_timestamp(), ended_by = by_actor, end_reason = why
     where r.ended_at is null and (in_tenant is null or r.tenant = in_tenant)
       and (of_branch is null or of_branch in (r.from_branch, r.to_branch)) and (of_subject is null or r.subject = of_subject)
     returning r.id
  )
  delete from wardkeep.token t using ended e where t.referral = e.id;
end;
comment on function wardkeep.end_referrals(text, text, text, text, text) is
  'Internal: ends referrals of a tenant, of a branch or of a person and what was opened for them; whoever calls it holds their rows.';

create function wardkeep.forget_tenant(gone text, successor text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  why text := case when successor is null then 'tenant deleted' else 'tenant key changed' end;
  revoked integer;
  closed integer;
  taken jsonb;
begin
  perform wardkeep.require_read_committed();
  -- Waits for what is issued, granted and declared there, which the next statements find.
  perform from wardkeep.known_tenant k where k.tenant = gone for update;
  perform wardkeep.hold(array[gone], '{}');
  -- Whoever is given the same key one day is somebody else: nothing of this tenant may hold there.
  update wardkeep.assignment a set revoked_at = clock_timestamp(), revoked_by = 'login:' || session_user, revoke_reason = why
   where a.tenant = gone and a.revoked_at is null;
  get diagnostics revoked = row_count;
  update wardkeep.break_glass b set closed_at = clock_timestamp() where b.tenant = gone and b.reviewed_at is null and b.closed_at is null;
  get diagnostics closed = row_count;
  perform wardkeep.end_referrals(gone, null, null, 'login:' || session_user, why);
  update wardkeep.support s set ended_at = clock_timestamp(), ended_by = 'login:' || session_user, end_note = why
   where s.tenant = gone and s.ended_at is null;
  update wardkeep.session s set ended_at = now(), end_reason = why
   where s.ended_at is null and s.id in (select t.session_id from wardkeep.token t where t.tenant = gone)
     and not exists (select from wardkeep.token t where t.session_id = s.id and t.tenant <> gone);
  delete from wardkeep.token t where t.tenant = gone;
  delete from wardkeep.branch_group g where g.tenant = gone;
  select coalesce(jsonb_agg(to_jsonb(n) - 'tenant' order by n.role, n.what), '[]') into taken from wardkeep.narrowing n where n.tenant = gone;
  -- A tenant that only changes its key is the same one: what was taken there stays taken.
  insert into wardkeep.narrowing (tenant, role, what, reason, narrowed_by, narrowed_at)
  select successor, n.role, n.what, n.reason, n.narrowed_by, n.narrowed_at from wardkeep.narrowing n
   where n.tenant = gone and successor is not null on conflict do nothing;
  delete from wardkeep.narrowing n where n.tenant = gone;
  delete from wardkeep.known_tenant k where k.tenant = gone;
  perform wardkeep.forget_contributions(gone, successor, why);
  if to_regproc('wardkeep_consent.tenant_gone') is not null then
    perform wardkeep_consent.tenant_gone(gone, successor);
  end if;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('tenant_gone', session_user, gone, jsonb_build_object('reason', why, 'assignments', revoked, 'emergencies', closed, 'narrowings', taken));
end
$$;
comment on function wardkeep.forget_tenant(text, text) is
  'Internal: ends everything that holds in a tenant that is deleted, or that goes on under another key. Fails with WK009, and with WK503 where the consent ledger would lose its people.';
-- The arguments of these triggers are column names. A tenant or branch that goes away, changes its key or moves takes the
-- tokens with it: a token must never reach a branch through a tenant it no longer belongs to.
create function wardkeep.mirror_tenant() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  gone text := case when tg_op <> 'INSERT' then to_jsonb(old) ->> tg_argv[0] end;
  come text := case when tg_op <> 'DELETE' then to_jsonb(new) ->> tg_argv[0] end;
begin
  if gone = come then
    return null;
  end if;
  if gone is not null then
    perform wardkeep.forget_tenant(gone, come);
  end if;
  if come is not null then
    insert into wardkeep.known_tenant (tenant) values (come) on conflict do nothing;
  end if;
  return null;
end
$$;
comment on function wardkeep.mirror_tenant() is 'Trigger: keeps known_tenant like the host''s tenant table. Argument: key column.';

create function wardkeep.forget_branch(gone text) returns void
  language sql volatile
begin atomic
  select wardkeep.hold('{}', array[gone]);
  select wardkeep.end_referrals(null, gone, null, 'login:' || session_user, 'branch gone');
  -- Nobody holds the branch any more who could end it, and one without the clinic's word would hold off the next for ever.
  update wardkeep.support s set ended_at = clock_timestamp(), ended_by = 'login:' || session_user, end_note = 'branch gone'
   where s.branch = gone and s.ended_at is null;
  update wardkeep.session s set ended_at = now(), end_reason = 'no branch left'
   where s.ended_at is null and s.id in (select t.session_id from wardkeep.token t where t.branches = array[gone])
     and not exists (select from wardkeep.token t where t.session_id = s.id and t.branches <> array[gone]);
  delete from wardkeep.token t where t.branches = array[gone];
  update wardkeep.token t set branches = array_remove(t.branches, gone) where gone = any (t.branches);
  delete from wardkeep.branch_group g where g.branches = array[gone];
  update wardkeep.branch_group g set branches = array_remove(g.branches, gone) where gone = any (g.branches);
  delete from wardkeep.known_branch k where k.branch = gone;
end;
comment on function wardkeep.forget_branch(text) is 'Internal: takes a branch out of the mirror, of groups and of open sessions; ends those that had no other.';

create function wardkeep.mirror_branch() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  gone text[] := case when tg_op <> 'INSERT' then array[to_jsonb(old) ->> tg_argv[0], to_jsonb(old) ->> tg_argv[1]] end;
  come text[] := case when tg_op <> 'DELETE' then array[to_jsonb(new) ->> tg_argv[0], to_jsonb(new) ->> tg_argv[1]] end;
begin
  if gone = come then
    return null;
  end if;
  if gone is not null then
    perform wardkeep.require_read_committed();
    -- The tenant it comes to needs no waiting: a session that is being issued there does not hold the branch yet.
    perform wardkeep.tenant_alone(gone[2]);
    perform wardkeep.forget_branch(gone[1]);
  end if;
  if come is not null then
    insert into wardkeep.known_branch (branch, tenant) values (come[1], come[2])
    on conflict (branch) do update set tenant = excluded.tenant;
  end if;
  return null;
end
$$;
comment on function wardkeep.mirror_branch() is 'Trigger: keeps known_branch like the host''s branch table. Arguments: key column, tenant column.';

create function wardkeep.set_branch_group(in_tenant text, group_name text, members text[]) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  checked text[];
  held record;
begin
  perform wardkeep.require_read_committed();
  perform wardkeep.tenant_alone(in_tenant);
  perform from wardkeep.token t
    where t.tenant = in_tenant and (t.assigned or t.branch_group = group_name or coalesce(t.break_glass, t.referral) is not null)
    order by t.digest for update;
  checked := wardkeep.resolve_branches(in_tenant, to_jsonb(members));
  insert into wardkeep.branch_group (tenant, name, branches) values (in_tenant, group_name, checked)
  on conflict (tenant, name) do update set branches = excluded.branches;
  -- Who is assigned their branches and asked for the group's gets none that they are not assigned.
  delete from wardkeep.token t where t.tenant = in_tenant and t.branch_group = group_name and t.assigned and not t.branches && checked;
  update wardkeep.token t
     set branches = case when t.assigned then array(select unnest(t.branches) intersect select unnest(checked) order by 1) else checked end
   where t.tenant = in_tenant and t.branch_group = group_name;
  for held in select distinct a.actor, a.role from wardkeep.assignment a
               where a.tenant = in_tenant and a.branch_group = group_name and a.revoked_at is null loop
    perform wardkeep.refold(held.actor, in_tenant, held.role);
  end loop;
  -- Opened on the strength of a branch that may be gone; whoever still may opens it again.
  delete from wardkeep.token t where t.tenant = in_tenant and coalesce(t.break_glass, t.referral) is not null;
  insert into wardkeep.activity (kind, tenant, detail)
  values ('branch_group_set', in_tenant, jsonb_build_object('group', group_name, 'branches', checked));
end
$$;
comment on function wardkeep.set_branch_group(text, text, text[]) is
  'Sets the members of a branch group; open sessions follow with their next statement, those from assignments only downwards. For the owner.';
create function wardkeep.forget_missing(which text, host_table regclass, key text, tenant_column text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  gone text[];
  tenants text[];
  each text;
begin
  perform wardkeep.require_read_committed();
  if which = 'tenant' then
    execute format(
      'select array_agg(k.tenant order by k.tenant) from wardkeep.known_tenant k where not exists (select from %s t where t.%I::text = k.tenant)',
      host_table, key) into gone;
    -- All tenants before the first session, as the order of locks has it.
    perform from wardkeep.known_tenant k where k.tenant = any (gone) order by k.tenant for update;
    perform wardkeep.hold(gone, '{}');
    foreach each in array coalesce(gone, '{}') loop
      perform wardkeep.forget_tenant(each, null);
    end loop;
    return;
  end if;
  execute format(
    'select array_agg(k.branch order by k.branch), array_agg(distinct k.tenant order by k.tenant) from wardkeep.known_branch k
      where not exists (select from %s b where b.%I::text = k.branch and b.%I::text = k.tenant)',
    host_table, key, tenant_column) into gone, tenants;
  foreach each in array coalesce(tenants, '{}') loop
    perform wardkeep.tenant_alone(each);
  end loop;
  perform wardkeep.hold('{}', gone);
  foreach each in array coalesce(gone, '{}') loop
    perform wardkeep.forget_branch(each);
  end loop;
end
$$;
comment on function wardkeep.forget_missing(text, regclass, text, text) is
  'Internal: forgets the tenants or branches that the host''s table no longer has. Only where the owner sees every row of it. Fails with WK009.';

-- Known by its own trigger, which partitions have with more arguments: not by a name that may change, not as the root, which
-- a detached partition can be to its own, and by the trigger's function, which no other owner can make a trigger of.
create function wardkeep.whole_of(part oid, trigger_name name, arguments integer) returns regclass
  language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  select a.relid from pg_partition_ancestors(part) a
    join pg_trigger t on t.tgrelid = a.relid and t.tgname = trigger_name and t.tgnargs < arguments
    join pg_trigger own on own.tgrelid = part and own.tgname = trigger_name and own.tgfoid = t.tgfoid;
end;
comment on function wardkeep.whole_of(oid, name, integer) is
  'Internal: the table that a partition with this trigger is of; null where it was detached.';

-- TRUNCATE fires the triggers of every table it empties, after all of them are empty.
create function wardkeep.holds_rows(whole regclass) returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from pg_partition_tree(whole) t join pg_class c on c.oid = t.relid
                  where t.isleaf and (c.relkind <> 'r' or pg_relation_size(c.oid) > 0)) then
    return false;
  end if;
  if (select c.relforcerowsecurity from pg_class c where c.oid = whole) then
    raise exception 'one partition of % is emptied in maintenance only', whole using errcode = 'WK307',
      hint = 'Run it inside maintenance() of the whole table, or delete the rows.';
  end if;
  return true;
end
$$;
comment on function wardkeep.holds_rows(regclass) is
  'Internal: whether a table of which a partition was emptied has others with rows. Fails with WK307 where the owner does not see which.';

create function wardkeep.mirror_truncate() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  host_table regclass;
begin
  perform wardkeep.require_read_committed();
  if tg_nargs > 1 then
    host_table := wardkeep.whole_of(tg_relid, tg_name, tg_nargs);
    if host_table is null then
      -- Detached: it no longer says which tenants or branches there are, and the next apply compares.
      return null;
    end if;
    execute format('lock table %s in share row exclusive mode', host_table);
    if wardkeep.holds_rows(host_table) then
      perform wardkeep.forget_missing(tg_argv[0], host_table, tg_argv[1], tg_argv[2]);
      return null;
    end if;
  end if;
  perform from wardkeep.known_tenant k order by k.tenant for update;
  if tg_argv[0] = 'tenant' then
    perform wardkeep.hold(array(select k.tenant from wardkeep.known_tenant k), '{}');
    perform wardkeep.forget_tenant(k.tenant, null) from wardkeep.known_tenant k;
  end if;
  perform from wardkeep.session s where s.ended_at is null and s.id in (select t.session_id from wardkeep.token t)
    order by s.id for update;
  perform from wardkeep.token t order by t.digest for update;
  update wardkeep.session s set ended_at = now(), end_reason = 'no branch left'
   where s.ended_at is null and s.id in (select t.session_id from wardkeep.token t);
  delete from wardkeep.token;
  delete from wardkeep.branch_group;
  delete from wardkeep.known_branch;
  return null;
end
$$;
comment on function wardkeep.mirror_truncate() is
  'Trigger: TRUNCATE of the host''s tenant or branch table. Arguments: tenant or branch; on a partition also the key and the tenant column of the whole table.';
create function wardkeep.open_backfill(in_tenant text, reason text) returns text
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  held text[];
  new_session uuid;
  t wardkeep.token;
begin
  if coalesce(btrim(reason), '') = '' then
    raise exception 'a backfill needs a reason' using errcode = 'WK307';
  end if;
  if not exists (select from wardkeep.known_tenant k where k.tenant = in_tenant) then
    raise exception 'no such tenant' using errcode = 'WK307', hint = 'Insert it in maintenance first.';
  end if;
  select coalesce(array_agg(b.branch order by b.branch), '{}') into held from wardkeep.known_branch b where b.tenant = in_tenant;
  insert into wardkeep.session (kind, actor, label, valid_until)
  values ('backfill', 'backfill:' || session_user, reason, now() + interval '6 hours') returning id into new_session;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('backfill', session_user, in_tenant, jsonb_build_object('session', new_session, 'reason', reason));
  t.session_id := new_session;
  t.actor := 'backfill:' || session_user;
  t.tenant := in_tenant;
  t.branches := held;
  t.role := 'owner';
  t.db_role := current_user::text;
  t.purpose := 'backfill';
  t.valid_from := now();
  t.valid_until := now() + interval '6 hours';
  return wardkeep.mint(null, t);
end
$$;
comment on function wardkeep.open_backfill(text, text) is
  'A recorded service context of the owner for one tenant. For the migrator with the owner''s role. Fails with WK307.';

create function wardkeep.close_backfill(given text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  its_session uuid;
begin
  delete from wardkeep.token t where t.digest = sha256(convert_to(given, 'UTF8')) and t.role = 'owner' returning t.session_id into its_session;
  update wardkeep.session s set ended_at = clock_timestamp(), end_reason = 'the work is over'
   where s.id = its_session and s.kind = 'backfill' and s.ended_at is null;
end
$$;
comment on function wardkeep.close_backfill(text) is
  'Ends what open_backfill opened, in the transaction of the work: its token is never there for anybody else. For the owner.';

create function wardkeep.record(kind text, tenant text, detail jsonb) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into wardkeep.activity (kind, actor, tenant, detail) values (record.kind, session_user, record.tenant, record.detail);
end
$$;
comment on function wardkeep.record(text, text, jsonb) is 'Writes one line of activity. For the owner.';

create function wardkeep.check_force() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  bare text;
begin
  select string_agg(n.nspname || '.' || c.relname, ', ') into bare
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)
     and (c.oid in (select jsonb_array_elements_text(new.detail -> 'oids')::oid)
       -- What bears the name now, in the place of a table that was dropped or renamed. Dots, spaces and per cent signs are written.
       or replace(replace(replace(n.nspname::text, '%', '%25'), '.', '%2E'), ' ', '%20') || '.'
         || replace(replace(replace(c.relname::text, '%', '%25'), '.', '%2E'), ' ', '%20')
         in (select jsonb_array_elements_text(new.detail -> 'tables')));
  if bare is not null then
    raise exception 'FORCE is not back on %', bare using errcode = 'WK307', hint = 'Maintenance is one transaction; nothing was kept.';
  end if;
  return null;
end
$$;
comment on function wardkeep.check_force() is 'Trigger: a maintenance whose tables are not FORCEd at its end is not committed. Fails with WK307.';

create constraint trigger activity_force after insert on wardkeep.activity deferrable initially deferred
  for each row when (new.kind = 'maintenance') execute function wardkeep.check_force();
-- Splits at white space and ASCII punctuation only: vowel signs of Indian scripts are not alphanumeric to a regular expression.
create function wardkeep.words(value text) returns setof text
  language sql immutable parallel safe
begin atomic
  select distinct w from regexp_split_to_table(lower(value), '[\s,.;:/()"''_-]+') w where w <> '';
end;
comment on function wardkeep.words(text) is 'The lower-case words of a text, for the word table.';

create function wardkeep.digit_word(value text) returns text
  language sql immutable parallel safe
  return '#' || reverse(regexp_replace(value, '\D', '', 'g'));
comment on function wardkeep.digit_word(text) is 'The digits of a text backwards behind #, so that last digits become a prefix.';

-- A range and not ^@: the planner cannot turn ^@ with a parameter into a range of the index, so a prepared statement is
-- planned anew each time, or filters every word of the branch. U+10FFFF is no character, so no word goes on with it.
create function wardkeep.prefix_end(prefix text) returns text
  language sql immutable parallel safe
  return prefix || chr(1114111);
comment on function wardkeep.prefix_end(text) is 'Behind the last word with this prefix: word >= p and word < wardkeep.prefix_end(p).';

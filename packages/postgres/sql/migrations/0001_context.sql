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
  -- Only the owner's work may stand in a tenant that has no branch yet.
  check (cardinality(branches) > 0 or role = 'owner')
);
create index token_session on wardkeep.token (session_id);
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
  primary key (kind, name)
);
comment on table wardkeep.policy_actor is 'Roles and services of the policy file, written when the policy is applied.';

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
alter table wardkeep.policy_state enable row level security;
alter table wardkeep.known_tenant enable row level security;
alter table wardkeep.known_branch enable row level security;
alter table wardkeep.branch_group enable row level security;
alter table wardkeep.activity enable row level security;
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
  r wardkeep.token;
begin
  select t.* into r from wardkeep.token t
   where t.digest operator(pg_catalog.=) pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.current_setting('wardkeep.token', true), 'UTF8'))
     and t.db_role operator(pg_catalog.=) pg_catalog.current_setting('role')
     and t.valid_until operator(pg_catalog.>) pg_catalog.statement_timestamp()
     and t.valid_from operator(pg_catalog.<=) pg_catalog.statement_timestamp();
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

create function wardkeep.branch() returns text
  language plpgsql stable parallel restricted set search_path = pg_catalog, pg_temp
as $$
declare
  held text[] := wardkeep.branches();
begin
  if cardinality(held) <> 1 then
    raise exception 'the context has several branches' using errcode = 'WK106',
      hint = 'Name the branch in the statement, or narrow the context to one.';
  end if;
  return held[1];
end
$$;
comment on function wardkeep.branch() is 'The one branch of the context; the default of branch columns. Fails with WK106 when there are several.';
-- What the conditions of a cell ask; written like the functions of the fence, and for the same reasons. `held` never raises:
-- a condition that fails only when it meets a row tells that the row is there (docs/adr/0007).
create function wardkeep.held(planned text) returns wardkeep.token
  language plpgsql stable parallel restricted security definer
as $$
declare
  r wardkeep.token;
begin
  select t.* into r from wardkeep.token t
   where t.digest operator(pg_catalog.=) pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.current_setting('wardkeep.token', true), 'UTF8'))
     and t.db_role operator(pg_catalog.=) pg_catalog.current_setting('role')
     and (planned operator(pg_catalog.=) t.db_role or planned operator(pg_catalog.=) current_user::pg_catalog.text)
     and t.valid_until operator(pg_catalog.>) pg_catalog.statement_timestamp()
     and t.valid_from operator(pg_catalog.<=) pg_catalog.statement_timestamp();
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

create function wardkeep.authentic_request(request text, kid text, mac bytea, kind text) returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  k wardkeep.signing_key;
  body jsonb;
  claimed_at timestamptz;
begin
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
  insert into wardkeep.used_nonce (nonce) values ((body ->> 'nonce')::uuid) on conflict do nothing;
  if not found then
    raise exception 'the request was served before' using errcode = 'WK202';
  end if;
  delete from wardkeep.used_nonce where used_at < clock_timestamp() - interval '10 minutes';
  return body;
end
$$;
comment on function wardkeep.authentic_request(text, text, bytea, text) is
  'Internal: checks signature, age and single use of a request. Fails with WK202.';

create function wardkeep.mint(
  for_session uuid, for_kid text, for_actor text, for_mfa timestamptz, in_tenant text, in_branches text[], in_group text,
  as_db_role text, as_role text, for_purpose text, from_time timestamptz, to_time timestamptz
) returns text
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  -- 172 bits of the server's strong random source; the key id in front says which key minted it.
  secret text := coalesce(for_kid, 'wk00')
    || substr(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 1, 43);
begin
  insert into wardkeep.token (digest, session_id, tenant, branches, branch_group, db_role, role, purpose, actor, mfa_at, valid_from, valid_until)
  values (sha256(convert_to(secret, 'UTF8')), for_session, in_tenant, in_branches, in_group, as_db_role, as_role, for_purpose,
          for_actor, for_mfa, from_time, to_time);
  return secret;
end
$$;
comment on function wardkeep.mint(uuid, text, text, timestamptz, text, text[], text, text, text, text, timestamptz, timestamptz) is
  'Internal: writes one token row and returns its secret. Executable by the owner alone.';

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
create function wardkeep.issue_session(request text, kid text, mac bytea)
  returns table (session_id uuid, tenant text, branches text[], role text, db_role text, purpose text, token text, valid_until timestamptz)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  body jsonb := wardkeep.authentic_request(request, kid, mac, 'session');
  who text := body ->> 'actor';
  second_factor timestamptz := wardkeep.instant(body ->> 'mfa_at');
  ends timestamptz := now() + make_interval(secs => (body ->> 'ttl_seconds')::double precision);
  new_session uuid;
  a jsonb;
  rule wardkeep.policy_actor;
  one_purpose text;
begin
  if coalesce(who, '') = '' or ends is null or ends <= now() or ends > now() + interval '24 hours' then
    raise exception 'a session needs an actor and a life of at most 24 hours' using errcode = 'WK202';
  end if;
  if jsonb_typeof(body -> 'assignments') is distinct from 'array' or jsonb_array_length(body -> 'assignments') = 0 then
    raise exception 'a session needs at least one assignment' using errcode = 'WK202';
  end if;
  if second_factor > now() + interval '2 minutes' then
    raise exception 'the second factor lies in the future' using errcode = 'WK202';
  end if;
  delete from wardkeep.token t where t.valid_until < now() - interval '1 hour';
  insert into wardkeep.session (kind, actor, label, kid, mfa_at, valid_until)
  values ('person', who, body ->> 'label', issue_session.kid, second_factor, ends) returning id into new_session;

  for a in select value from jsonb_array_elements(body -> 'assignments') loop
    select p.* into rule from wardkeep.policy_actor p where p.kind = 'role' and p.name = a ->> 'role';
    if not found then
      raise exception 'an assignment names a role that the policy does not have' using errcode = 'WK202';
    end if;
    if not exists (select from wardkeep.known_tenant k where k.tenant = a ->> 'tenant') then
      raise exception 'an assignment names an unknown tenant' using errcode = 'WK202';
    end if;
    if rule.must_expire and a ->> 'valid_until' is null then
      raise exception 'this role must be assigned with an end' using errcode = 'WK202', detail = rule.name;
    end if;
    if rule.mfa_seconds is not null and (second_factor is null or second_factor < now() - make_interval(secs => rule.mfa_seconds)) then
      raise exception 'this role asks for a newer second factor' using errcode = 'WK202', detail = rule.name,
        hint = 'Ask for the second factor again, then issue the session.';
    end if;
    -- A second factor does not grow younger while the session lasts.
    valid_until := least(ends, wardkeep.instant(a ->> 'valid_until'), second_factor + make_interval(secs => rule.mfa_seconds));
    continue when valid_until <= now();
    session_id := new_session;
    tenant := a ->> 'tenant';
    role := rule.name;
    db_role := rule.db_role;
    branches := wardkeep.resolve_branches(tenant, coalesce(a -> 'branches', '[]'));
    for one_purpose in
      select p from unnest(rule.purposes) with ordinality u(p, n)
       where a -> 'purposes' is null or a -> 'purposes' ? p order by n
    loop
      purpose := one_purpose;
      token := wardkeep.mint(new_session, issue_session.kid, who, second_factor, tenant, branches, a -> 'branches' ->> 'group',
        db_role, role, purpose, greatest(now(), wardkeep.instant(a ->> 'valid_from')), valid_until);
      return next;
    end loop;
    if exists (select from jsonb_array_elements_text(coalesce(a -> 'purposes', '[]')) w where w.value <> all (rule.purposes)) then
      raise exception 'an assignment names a purpose that its role does not have' using errcode = 'WK202', detail = rule.name;
    end if;
  end loop;
  if not exists (select from wardkeep.token t where t.session_id = new_session) then
    raise exception 'no assignment is valid now' using errcode = 'WK202';
  end if;
  insert into wardkeep.activity (kind, actor, detail)
  values ('session_issued', who, jsonb_build_object('session', new_session, 'until', ends, 'label', body ->> 'label'));
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
  branches := wardkeep.resolve_branches(tenant, coalesce(body -> 'branches', '"all"'));
  role := rule.name;
  db_role := rule.db_role;
  insert into wardkeep.session as s (kind, actor, label, kid, valid_until)
  values ('service', 'service:' || rule.name, body ->> 'label', issue_service.kid, issue_service.valid_until)
  returning s.id into session_id;
  foreach one_purpose in array rule.purposes loop
    purpose := one_purpose;
    token := wardkeep.mint(session_id, issue_service.kid, 'service:' || rule.name, null, tenant, branches, null,
      db_role, role, purpose, now(), valid_until);
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
  -- Ending the session waits for this and then finds the new token; a session ended meanwhile is not found.
  perform from wardkeep.session s where s.id = (body ->> 'session_id')::uuid and s.ended_at is null for share;
  if not found then
    raise exception 'the session of this job has ended or never had this grant' using errcode = 'WK102';
  end if;
  select k.* into t from wardkeep.token k
   where k.session_id = (body ->> 'session_id')::uuid and k.tenant = body ->> 'tenant'
     and k.role = body ->> 'role' and k.purpose = body ->> 'purpose' and k.actor = body ->> 'actor'
     and k.valid_until > now() and k.valid_from <= now()
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
  valid_until := least(t.valid_until, now() + interval '15 minutes');
  token := wardkeep.mint(t.session_id, reopen_session.kid, t.actor, t.mfa_at, t.tenant, t.branches, t.branch_group, t.db_role,
    t.role, t.purpose, now(), valid_until);
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
  -- Under an older snapshot the tokens of a request that has just been served would not be seen, and live on.
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'sessions are ended under READ COMMITTED only' using errcode = 'WK009',
      hint = 'Set the isolation level of this transaction, login or database to read committed.';
  end if;
  update wardkeep.session s set ended_at = now(), end_reason = reason
   where s.id = end_session.session and s.ended_at is null returning s.actor into who;
  if not found then
    return false;
  end if;
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
  -- Waits for sessions that are being issued: the next statement sees them.
  lock table wardkeep.session in share row exclusive mode;
  select count(*) filter (where wardkeep.end_session(s.id, reason)) into ended
    from wardkeep.session s where s.actor = end_actor.actor and s.ended_at is null;
  return ended;
end
$$;
comment on function wardkeep.end_actor(text, text) is 'Ends every open session of an actor and returns how many. For the issuer login.';

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
  update wardkeep.signing_key k set retired_at = now() where k.kid = retire_key.kid and k.retired_at is null;
  if not found then
    raise exception 'no live key has this id' using errcode = 'WK009';
  end if;
  if end_sessions then
    select count(*) filter (where wardkeep.end_session(s.id, 'key retired')) into ended
      from wardkeep.session s where s.kid = retire_key.kid and s.ended_at is null;
  end if;
  insert into wardkeep.activity (kind, detail) values ('key_retired', jsonb_build_object('kid', retire_key.kid, 'ended', ended));
  return ended;
end
$$;
comment on function wardkeep.retire_key(text, boolean) is
  'Refuses new requests under a key and, if asked, ends every session issued under it. For the owner.';
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
    delete from wardkeep.token t where t.tenant = gone;
    delete from wardkeep.branch_group g where g.tenant = gone;
    delete from wardkeep.known_tenant k where k.tenant = gone;
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
  delete from wardkeep.token t where t.branches = array[gone];
  update wardkeep.token t set branches = array_remove(t.branches, gone) where gone = any (t.branches);
  delete from wardkeep.branch_group g where g.branches = array[gone];
  update wardkeep.branch_group g set branches = array_remove(g.branches, gone) where gone = any (g.branches);
  delete from wardkeep.known_branch k where k.branch = gone;
end;
comment on function wardkeep.forget_branch(text) is 'Internal: takes a branch out of the mirror, of groups and of open sessions.';

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

create function wardkeep.mirror_truncate() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from wardkeep.token;
  delete from wardkeep.branch_group;
  delete from wardkeep.known_branch;
  if tg_argv[0] = 'tenant' then
    delete from wardkeep.known_tenant;
  end if;
  return null;
end
$$;
comment on function wardkeep.mirror_truncate() is 'Trigger: TRUNCATE of the host''s tenant or branch table. Argument: tenant or branch.';

create function wardkeep.set_branch_group(in_tenant text, group_name text, members text[]) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  checked text[] := wardkeep.resolve_branches(in_tenant, to_jsonb(members));
begin
  insert into wardkeep.branch_group (tenant, name, branches) values (in_tenant, group_name, checked)
  on conflict (tenant, name) do update set branches = excluded.branches;
  update wardkeep.token t set branches = checked where t.tenant = in_tenant and t.branch_group = group_name;
  insert into wardkeep.activity (kind, tenant, detail)
  values ('branch_group_set', in_tenant, jsonb_build_object('group', group_name, 'branches', checked));
end
$$;
comment on function wardkeep.set_branch_group(text, text, text[]) is
  'Sets the members of a branch group; open sessions follow with their next statement. For the owner.';
create function wardkeep.open_backfill(in_tenant text, reason text) returns text
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  held text[];
  new_session uuid;
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
  return wardkeep.mint(new_session, null, 'backfill:' || session_user, null, in_tenant, held, null, current_user::text, 'owner',
    'backfill', now(), now() + interval '6 hours');
end
$$;
comment on function wardkeep.open_backfill(text, text) is
  'A recorded service context of the owner for one tenant. For the migrator with the owner''s role. Fails with WK307.';

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
   where n.nspname || '.' || c.relname in (select jsonb_array_elements_text(new.detail -> 'tables'))
     and not (c.relrowsecurity and c.relforcerowsecurity);
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

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

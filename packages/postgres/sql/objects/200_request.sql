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

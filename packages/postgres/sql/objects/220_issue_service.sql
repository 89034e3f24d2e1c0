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

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

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

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

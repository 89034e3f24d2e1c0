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

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

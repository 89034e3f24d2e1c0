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

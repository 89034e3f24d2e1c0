create function wardkeep.revoke_one(assignment uuid, by_actor text, why text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  a wardkeep.assignment;
begin
  if coalesce(btrim(why), '') = '' then
    raise exception 'revoking needs a reason' using errcode = 'WK206';
  end if;
  update wardkeep.assignment r set revoked_at = clock_timestamp(), revoked_by = by_actor, revoke_reason = why
   where r.id = assignment and r.revoked_at is null returning r.* into a;
  if found then
    perform wardkeep.refold(a.actor, a.tenant, a.role);
    insert into wardkeep.activity (kind, actor, tenant, detail)
    values ('assignment_revoked', by_actor, a.tenant, jsonb_build_object('assignment', a.id, 'from', a.actor, 'role', a.role, 'reason', why));
  end if;
end
$$;
comment on function wardkeep.revoke_one(uuid, text, text) is 'Internal: revokes one assignment and takes it from open sessions. Fails with WK206.';

create function wardkeep.revoke_assignments(of_actor text, only_id uuid, reason text) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token;
  a wardkeep.assignment;
  revoked integer := 0;
  behind boolean;
begin
  perform wardkeep.require_read_committed();
  -- Before the locks and again behind all of them, as in 240_assign.sql.
  foreach behind in array '{false,true}'::boolean[] loop
    me := wardkeep.verified_now();
    revoked := 0;
    for a in select h.* from wardkeep.assignment h
              where h.actor = of_actor and h.tenant = me.tenant and h.revoked_at is null and (only_id is null or h.id = only_id) order by h.id loop
      if not coalesce(a.actor = me.actor or wardkeep.may_assign(me, a.role, case
           when a.branch is not null then jsonb_build_object('branch', a.branch)
           when a.branch_group is not null then jsonb_build_object('group', a.branch_group) else '"all"' end, clock_timestamp()), false) then
        raise exception 'this role may not revoke that here' using errcode = 'WK206';
      end if;
      if behind then
        perform wardkeep.revoke_one(a.id, me.actor, reason);
      end if;
      revoked := revoked + 1;
    end loop;
    exit when revoked = 0 or behind;
    perform wardkeep.alone(of_actor, me.tenant);
    perform wardkeep.hold_access(of_actor, me.tenant);
  end loop;
  return revoked;
end
$$;
comment on function wardkeep.revoke_assignments(text, uuid, text) is
  'Revokes one or all assignments of an actor in the tenant of the verified context, all or none; holds on the next statement. Fails with WK1xx, WK206.';

create function wardkeep.offboard(request text, kid text, mac bytea) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  body jsonb := wardkeep.authentic_request(request, kid, mac, 'offboard');
  revoked integer;
begin
  if coalesce(body ->> 'actor', '') = '' or coalesce(body ->> 'by', '') = '' or coalesce(btrim(body ->> 'reason'), '') = '' then
    raise exception 'offboarding names an actor, who asks for it, and why' using errcode = 'WK206';
  end if;
  perform wardkeep.alone(body ->> 'actor', '');
  perform wardkeep.alone(body ->> 'actor', o.tenant)
    from (select t.tenant from wardkeep.turn t where t.actor = body ->> 'actor' and t.tenant <> ''
          union select a.tenant from wardkeep.assignment a where a.actor = body ->> 'actor' and a.revoked_at is null order by 1) o;
  perform wardkeep.hold_access(body ->> 'actor', null);
  select count(wardkeep.revoke_one(a.id, body ->> 'by', body ->> 'reason')) into revoked
    from wardkeep.assignment a where a.actor = body ->> 'actor' and a.revoked_at is null;
  -- What a clinic had allowed to this person is over too, though nothing of it is open.
  update wardkeep.support s set valid_until = least(s.valid_until, clock_timestamp())
   where s.actor = body ->> 'actor' and s.valid_until > clock_timestamp();
  perform wardkeep.end_actor(body ->> 'actor', body ->> 'reason');
  return revoked;
end
$$;
comment on function wardkeep.offboard(text, text, bytea) is
  'Revokes every assignment of an actor in every tenant and ends every session, for a signed request. For the issuer login. Fails with WK202, WK206.';

create function wardkeep.list_assignments() returns setof wardkeep.assignment
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified();
begin
  return query
    select a.* from wardkeep.assignment a join wardkeep.policy_actor p on p.kind = 'role' and p.db_role = me.db_role
     where a.tenant = me.tenant and (a.actor = me.actor or (a.role = any (p.may_grant) and me.subjects is null
       and (a.branch = any (me.branches) or (a.branch is null and me.branches @> array(select k.branch from wardkeep.known_branch k where k.tenant = me.tenant)))))
     order by a.actor, a.role, a.valid_from, a.id;
end
$$;
comment on function wardkeep.list_assignments() is
  'One''s own assignments, and those that one''s role may grant in one''s own branches, revoked ones too. Fails with WK1xx.';

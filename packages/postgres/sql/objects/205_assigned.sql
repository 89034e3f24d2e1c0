-- Where assignments become contexts: the one place, for issuing and for taking away.
create function wardkeep.assigned(who text, in_tenant text, as_role text)
  returns table (branches text[], subjects text[], valid_until timestamptz)
  language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  with held as (
    select a.id, a.subject, a.valid_until, array(
        select k.branch from wardkeep.known_branch k
         where k.tenant = a.tenant
           and case when a.branch is not null then k.branch = a.branch
                    when a.branch_group is not null then exists (
                      select from wardkeep.branch_group g
                       where g.tenant = a.tenant and g.name = a.branch_group and k.branch = any (g.branches))
                    else true end
         order by k.branch) as branches
      from wardkeep.assignment a
     where a.actor = who and a.tenant = in_tenant and a.role = as_role and a.revoked_at is null
       and a.valid_from <= statement_timestamp() and (a.valid_until is null or a.valid_until > statement_timestamp())
  )
  select array_agg(distinct b.branch order by b.branch), array_agg(distinct h.subject) filter (where h.subject is not null), min(h.valid_until)
    from held h cross join unnest(h.branches) b(branch)
   -- Subjects belong to the branches they were assigned for: no cross product of two assignments.
   group by case when h.subject is not null then h.branches end;
end;
comment on function wardkeep.assigned(text, text, text) is 'Internal: what an actor is assigned now as one role in one tenant; several rows only for a confined role.';

create function wardkeep.refold(who text, in_tenant text, as_role text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  t wardkeep.token;
  held record;
begin
  -- An open session only ever loses: what was granted since comes with the next one.
  for t in select k.* from wardkeep.token k
            where k.actor = who and k.tenant = in_tenant and k.role = as_role and k.assigned order by k.digest for update loop
    select array(select unnest(t.branches) intersect select unnest(a.branches) order by 1) as branches,
           array(select unnest(t.subjects) intersect select unnest(a.subjects)) as subjects, a.valid_until
      into held from wardkeep.assigned(who, in_tenant, as_role) a where t.subjects is null or a.branches @> t.branches limit 1;
    if not found or cardinality(held.branches) = 0 or (t.subjects is not null and cardinality(held.subjects) = 0) then
      delete from wardkeep.token k where k.digest = t.digest;
    else
      update wardkeep.token k set branches = held.branches, valid_until = least(k.valid_until, held.valid_until),
             subjects = case when k.subjects is not null then held.subjects end
       where k.digest = t.digest;
    end if;
  end loop;
  -- An emergency or a referral was opened on the strength of what may be gone; whoever still may opens it again.
  delete from wardkeep.token k
   where k.actor = who and k.tenant = in_tenant and coalesce(k.break_glass, k.referral) is not null;
end
$$;
comment on function wardkeep.refold(text, text, text) is 'Internal: takes from the open sessions of an actor what is no longer assigned.';

create function wardkeep.wanted(body jsonb)
  returns table (tenant text, role text, branches text[], branch_group text, subjects text[], purposes jsonb,
    valid_from timestamptz, valid_until timestamptz, assigned boolean, asked boolean)
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  a jsonb;
  asked_branches text[];
begin
  assigned := exists (select from wardkeep.policy_rule r where r.assignments = 'required');
  asked := body ? 'assignments';
  for a in
    select x.value from (
      select value from jsonb_array_elements(body -> 'assignments') where asked
      union all
      select distinct jsonb_build_object('tenant', h.tenant, 'role', h.role, 'branches', 'all')
        from wardkeep.assignment h where not asked and assigned and h.actor = body ->> 'actor' and h.revoked_at is null) x
     -- Tenants are locked in one order.
     order by x.value ->> 'tenant', x.value
  loop
    tenant := a ->> 'tenant';
    role := a ->> 'role';
    purposes := a -> 'purposes';
    if assigned then
      perform wardkeep.alone(body ->> 'actor', tenant);
    end if;
    if not wardkeep.tenant_beside(tenant) then
      continue when not asked;
      raise exception 'an assignment names an unknown tenant' using errcode = 'WK202';
    end if;
    valid_from := greatest(now(), wardkeep.instant(a ->> 'valid_from'));
    valid_until := wardkeep.instant(a ->> 'valid_until');
    branch_group := a -> 'branches' ->> 'group';
    if not assigned then
      branches := wardkeep.resolve_branches(tenant, coalesce(a -> 'branches', '[]'));
      subjects := array(select jsonb_array_elements_text(coalesce(a -> 'subjects', '[]')));
      subjects := case when cardinality(subjects) > 0 then subjects end;
      return next;
      continue;
    end if;
    asked_branches := case when a -> 'branches' <> '"all"' then wardkeep.resolve_branches(tenant, a -> 'branches') end;
    for branches, subjects, valid_until in
      select coalesce(asked_branches, s.branches), s.subjects, least(wanted.valid_until, s.valid_until)
        from wardkeep.assigned(body ->> 'actor', wanted.tenant, wanted.role) s where s.branches @> coalesce(asked_branches, s.branches)
    loop
      return next;
    end loop;
    if asked and not found then
      raise exception 'the actor is not assigned what was asked for' using errcode = 'WK202',
        hint = 'The policy says assignments: ''required''; grant it first, or ask for less.';
    end if;
  end loop;
end
$$;
comment on function wardkeep.wanted(jsonb) is 'Internal: what a session is asked for, or what its actor is assigned. Fails with WK202.';

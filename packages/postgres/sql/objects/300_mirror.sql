-- The arguments of these triggers are column names. A tenant or branch that goes away, changes its key or moves takes the
-- tokens with it: a token must never reach a branch through a tenant it no longer belongs to.
create function wardkeep.mirror_tenant() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  gone text := case when tg_op <> 'INSERT' then to_jsonb(old) ->> tg_argv[0] end;
  come text := case when tg_op <> 'DELETE' then to_jsonb(new) ->> tg_argv[0] end;
begin
  if gone = come then
    return null;
  end if;
  if gone is not null then
    perform wardkeep.forget_tenant(gone, come);
  end if;
  if come is not null then
    insert into wardkeep.known_tenant (tenant) values (come) on conflict do nothing;
  end if;
  return null;
end
$$;
comment on function wardkeep.mirror_tenant() is 'Trigger: keeps known_tenant like the host''s tenant table. Argument: key column.';

create function wardkeep.forget_branch(gone text) returns void
  language sql volatile
begin atomic
  select wardkeep.hold('{}', array[gone]);
  select wardkeep.end_referrals(null, gone, null, 'login:' || session_user, 'branch gone');
  -- Nobody holds the branch any more who could end it, and one without the clinic's word would hold off the next for ever.
  update wardkeep.support s set ended_at = clock_timestamp(), ended_by = 'login:' || session_user, end_note = 'branch gone'
   where s.branch = gone and s.ended_at is null;
  update wardkeep.session s set ended_at = now(), end_reason = 'no branch left'
   where s.ended_at is null and s.id in (select t.session_id from wardkeep.token t where t.branches = array[gone])
     and not exists (select from wardkeep.token t where t.session_id = s.id and t.branches <> array[gone]);
  delete from wardkeep.token t where t.branches = array[gone];
  update wardkeep.token t set branches = array_remove(t.branches, gone) where gone = any (t.branches);
  delete from wardkeep.branch_group g where g.branches = array[gone];
  update wardkeep.branch_group g set branches = array_remove(g.branches, gone) where gone = any (g.branches);
  delete from wardkeep.known_branch k where k.branch = gone;
end;
comment on function wardkeep.forget_branch(text) is 'Internal: takes a branch out of the mirror, of groups and of open sessions; ends those that had no other.';

create function wardkeep.mirror_branch() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  gone text[] := case when tg_op <> 'INSERT' then array[to_jsonb(old) ->> tg_argv[0], to_jsonb(old) ->> tg_argv[1]] end;
  come text[] := case when tg_op <> 'DELETE' then array[to_jsonb(new) ->> tg_argv[0], to_jsonb(new) ->> tg_argv[1]] end;
begin
  if gone = come then
    return null;
  end if;
  if gone is not null then
    perform wardkeep.require_read_committed();
    -- The tenant it comes to needs no waiting: a session that is being issued there does not hold the branch yet.
    perform wardkeep.tenant_alone(gone[2]);
    perform wardkeep.forget_branch(gone[1]);
  end if;
  if come is not null then
    insert into wardkeep.known_branch (branch, tenant) values (come[1], come[2])
    on conflict (branch) do update set tenant = excluded.tenant;
  end if;
  return null;
end
$$;
comment on function wardkeep.mirror_branch() is 'Trigger: keeps known_branch like the host''s branch table. Arguments: key column, tenant column.';

create function wardkeep.set_branch_group(in_tenant text, group_name text, members text[]) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  checked text[];
  held record;
begin
  perform wardkeep.require_read_committed();
  perform wardkeep.tenant_alone(in_tenant);
  perform from wardkeep.token t
    where t.tenant = in_tenant and (t.assigned or t.branch_group = group_name or coalesce(t.break_glass, t.referral) is not null)
    order by t.digest for update;
  checked := wardkeep.resolve_branches(in_tenant, to_jsonb(members));
  insert into wardkeep.branch_group (tenant, name, branches) values (in_tenant, group_name, checked)
  on conflict (tenant, name) do update set branches = excluded.branches;
  -- Who is assigned their branches and asked for the group's gets none that they are not assigned.
  delete from wardkeep.token t where t.tenant = in_tenant and t.branch_group = group_name and t.assigned and not t.branches && checked;
  update wardkeep.token t
     set branches = case when t.assigned then array(select unnest(t.branches) intersect select unnest(checked) order by 1) else checked end
   where t.tenant = in_tenant and t.branch_group = group_name;
  for held in select distinct a.actor, a.role from wardkeep.assignment a
               where a.tenant = in_tenant and a.branch_group = group_name and a.revoked_at is null loop
    perform wardkeep.refold(held.actor, in_tenant, held.role);
  end loop;
  -- Opened on the strength of a branch that may be gone; whoever still may opens it again.
  delete from wardkeep.token t where t.tenant = in_tenant and coalesce(t.break_glass, t.referral) is not null;
  insert into wardkeep.activity (kind, tenant, detail)
  values ('branch_group_set', in_tenant, jsonb_build_object('group', group_name, 'branches', checked));
end
$$;
comment on function wardkeep.set_branch_group(text, text, text[]) is
  'Sets the members of a branch group; open sessions follow with their next statement, those from assignments only downwards. For the owner.';

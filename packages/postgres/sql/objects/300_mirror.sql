create function wardkeep.mirror_tenant() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op in ('UPDATE', 'DELETE') then
    delete from wardkeep.known_tenant k where k.tenant = to_jsonb(old) ->> tg_argv[0];
  end if;
  if tg_op in ('INSERT', 'UPDATE') then
    insert into wardkeep.known_tenant (tenant) values (to_jsonb(new) ->> tg_argv[0]);
  end if;
  return null;
end
$$;
comment on function wardkeep.mirror_tenant() is 'Trigger: keeps known_tenant like the host''s tenant table. Argument: key column.';

create function wardkeep.mirror_branch() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op in ('UPDATE', 'DELETE') then
    delete from wardkeep.known_branch k where k.branch = to_jsonb(old) ->> tg_argv[0];
  end if;
  if tg_op in ('INSERT', 'UPDATE') then
    insert into wardkeep.known_branch (branch, tenant) values (to_jsonb(new) ->> tg_argv[0], to_jsonb(new) ->> tg_argv[1]);
  end if;
  if tg_op = 'DELETE' then
    update wardkeep.token t set branches = array_remove(t.branches, to_jsonb(old) ->> tg_argv[0])
     where to_jsonb(old) ->> tg_argv[0] = any (t.branches) and cardinality(t.branches) > 1;
    delete from wardkeep.token t where t.branches = array[to_jsonb(old) ->> tg_argv[0]];
  end if;
  return null;
end
$$;
comment on function wardkeep.mirror_branch() is 'Trigger: keeps known_branch like the host''s branch table. Arguments: key column, tenant column.';

create function wardkeep.set_branch_group(in_tenant text, group_name text, members text[]) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  checked text[] := wardkeep.resolve_branches(in_tenant, to_jsonb(members));
begin
  insert into wardkeep.branch_group (tenant, name, branches) values (in_tenant, group_name, checked)
  on conflict (tenant, name) do update set branches = excluded.branches;
  update wardkeep.token t set branches = checked where t.tenant = in_tenant and t.branch_group = group_name;
  insert into wardkeep.activity (kind, tenant, detail)
  values ('branch_group_set', in_tenant, jsonb_build_object('group', group_name, 'branches', checked));
end
$$;
comment on function wardkeep.set_branch_group(text, text, text[]) is
  'Sets the members of a branch group; open sessions follow with their next statement. For the owner.';

create function wardkeep.forget_missing(which text, host_table regclass, key text, tenant_column text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  gone text[];
  tenants text[];
  each text;
begin
  perform wardkeep.require_read_committed();
  if which = 'tenant' then
    execute format(
      'select array_agg(k.tenant order by k.tenant) from wardkeep.known_tenant k where not exists (select from %s t where t.%I::text = k.tenant)',
      host_table, key) into gone;
    -- All tenants before the first session, as the order of locks has it.
    perform from wardkeep.known_tenant k where k.tenant = any (gone) order by k.tenant for update;
    perform wardkeep.hold(gone, '{}');
    foreach each in array coalesce(gone, '{}') loop
      perform wardkeep.forget_tenant(each, null);
    end loop;
    return;
  end if;
  execute format(
    'select array_agg(k.branch order by k.branch), array_agg(distinct k.tenant order by k.tenant) from wardkeep.known_branch k
      where not exists (select from %s b where b.%I::text = k.branch and b.%I::text = k.tenant)',
    host_table, key, tenant_column) into gone, tenants;
  foreach each in array coalesce(tenants, '{}') loop
    perform wardkeep.tenant_alone(each);
  end loop;
  perform wardkeep.hold('{}', gone);
  foreach each in array coalesce(gone, '{}') loop
    perform wardkeep.forget_branch(each);
  end loop;
end
$$;
comment on function wardkeep.forget_missing(text, regclass, text, text) is
  'Internal: forgets the tenants or branches that the host''s table no longer has. Only where the owner sees every row of it. Fails with WK009.';

-- Known by its own trigger, which partitions have with more arguments: not by a name that may change, not as the root, which
-- a detached partition can be to its own, and by the trigger's function, which no other owner can make a trigger of.
create function wardkeep.whole_of(part oid, trigger_name name, arguments integer) returns regclass
  language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  select a.relid from pg_partition_ancestors(part) a
    join pg_trigger t on t.tgrelid = a.relid and t.tgname = trigger_name and t.tgnargs < arguments
    join pg_trigger own on own.tgrelid = part and own.tgname = trigger_name and own.tgfoid = t.tgfoid;
end;
comment on function wardkeep.whole_of(oid, name, integer) is
  'Internal: the table that a partition with this trigger is of; null where it was detached.';

-- TRUNCATE fires the triggers of every table it empties, after all of them are empty.
create function wardkeep.holds_rows(whole regclass) returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from pg_partition_tree(whole) t join pg_class c on c.oid = t.relid
                  where t.isleaf and (c.relkind <> 'r' or pg_relation_size(c.oid) > 0)) then
    return false;
  end if;
  if (select c.relforcerowsecurity from pg_class c where c.oid = whole) then
    raise exception 'one partition of % is emptied in maintenance only', whole using errcode = 'WK307',
      hint = 'Run it inside maintenance() of the whole table, or delete the rows.';
  end if;
  return true;
end
$$;
comment on function wardkeep.holds_rows(regclass) is
  'Internal: whether a table of which a partition was emptied has others with rows. Fails with WK307 where the owner does not see which.';

create function wardkeep.mirror_truncate() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  host_table regclass;
begin
  perform wardkeep.require_read_committed();
  if tg_nargs > 1 then
    host_table := wardkeep.whole_of(tg_relid, tg_name, tg_nargs);
    if host_table is null then
      -- Detached: it no longer says which tenants or branches there are, and the next apply compares.
      return null;
    end if;
    execute format('lock table %s in share row exclusive mode', host_table);
    if wardkeep.holds_rows(host_table) then
      perform wardkeep.forget_missing(tg_argv[0], host_table, tg_argv[1], tg_argv[2]);
      return null;
    end if;
  end if;
  perform from wardkeep.known_tenant k order by k.tenant for update;
  if tg_argv[0] = 'tenant' then
    perform wardkeep.hold(array(select k.tenant from wardkeep.known_tenant k), '{}');
    perform wardkeep.forget_tenant(k.tenant, null) from wardkeep.known_tenant k;
  end if;
  perform from wardkeep.session s where s.ended_at is null and s.id in (select t.session_id from wardkeep.token t)
    order by s.id for update;
  perform from wardkeep.token t order by t.digest for update;
  update wardkeep.session s set ended_at = now(), end_reason = 'no branch left'
   where s.ended_at is null and s.id in (select t.session_id from wardkeep.token t);
  delete from wardkeep.token;
  delete from wardkeep.branch_group;
  delete from wardkeep.known_branch;
  return null;
end
$$;
comment on function wardkeep.mirror_truncate() is
  'Trigger: TRUNCATE of the host''s tenant or branch table. Arguments: tenant or branch; on a partition also the key and the tenant column of the whole table.';

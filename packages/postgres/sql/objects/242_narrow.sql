create function wardkeep.narrow_role(from_role text, taken text, reason text) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  refusal constant text := 'this role may not narrow that role for the whole tenant';
  me wardkeep.token := wardkeep.authority(from_role, '"all"', clock_timestamp(), refusal);
begin
  perform wardkeep.require_read_committed();
  -- Waits for tokens that are being minted in this tenant, and for whoever takes others away; the next statements see them.
  perform wardkeep.tenant_alone(me.tenant);
  perform from wardkeep.token t
    where t.tenant = me.tenant and (t.break_glass is not null
      or t.db_role in (select p.db_role from wardkeep.policy_actor p where p.kind = 'role' and p.name = from_role))
    order by t.digest for update;
  me := wardkeep.authority(from_role, '"all"', clock_timestamp(), refusal);
  insert into wardkeep.narrowing (tenant, role, what, reason, narrowed_by) values (me.tenant, from_role, taken, reason, me.actor)
  on conflict do nothing;
  delete from wardkeep.token t using wardkeep.policy_actor p
   where p.kind = 'role' and p.name = from_role and t.tenant = me.tenant and t.db_role = p.db_role and (taken = 'role' or taken = 'purpose ' || t.purpose);
  update wardkeep.token t set denied = array_append(t.denied, taken) from wardkeep.policy_actor p
   where p.kind = 'role' and p.name = from_role and t.tenant = me.tenant and t.db_role = p.db_role and taken <> all (t.denied);
  -- An emergency was opened on the strength of a role that may be gone.
  delete from wardkeep.token t where t.tenant = me.tenant and t.break_glass is not null;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('role_narrowed', me.actor, me.tenant, jsonb_build_object('role', from_role, 'taken', taken, 'reason', reason));
exception when check_violation or not_null_violation then
  raise exception 'write role, purpose <name> or <action> <schema.table>, and a reason' using errcode = 'WK206';
end
$$;
comment on function wardkeep.narrow_role(text, text, text) is
  'Takes a role, one of its purposes or one of its actions from everybody in the tenant, from the next statement on. Fails with WK1xx, WK206.';

create function wardkeep.lift_narrowing(of_role text, taken text, reason text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  refusal constant text := 'this role may not lift that, or gave no reason';
  me wardkeep.token := wardkeep.authority(of_role, '"all"', clock_timestamp(), refusal);
begin
  perform wardkeep.require_read_committed();
  if coalesce(btrim(reason), '') = '' then
    raise exception '%', refusal using errcode = 'WK206';
  end if;
  perform wardkeep.tenant_alone(me.tenant);
  me := wardkeep.authority(of_role, '"all"', clock_timestamp(), refusal);
  if exists (select from wardkeep.assignment a join wardkeep.policy_actor p on p.kind = 'role' and p.name = a.role
              where a.actor = me.actor and a.tenant = me.tenant and a.revoked_at is null and of_role = any (p.counts_as)) then
    raise exception 'nobody lifts what was taken from a role of their own' using errcode = 'WK206';
  end if;
  delete from wardkeep.narrowing n where n.tenant = me.tenant and n.role = of_role and n.what = taken;
  if not found then
    return false;
  end if;
  -- Open sessions stay as they are: they only ever lose.
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('narrowing_lifted', me.actor, me.tenant, jsonb_build_object('role', of_role, 'taken', taken, 'reason', reason));
  return true;
end
$$;
comment on function wardkeep.lift_narrowing(text, text, text) is
  'Gives back what the policy file gives and the tenant had taken, with the next session. Fails with WK1xx, WK206.';

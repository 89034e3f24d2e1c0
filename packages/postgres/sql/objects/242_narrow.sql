-- One person who holds several roles holds them through a combination: what a tenant takes from a role, it takes there too.
create function wardkeep.narrowed_with(of_role text) returns table (name text, db_role text)
  language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  select p.name, p.db_role from wardkeep.policy_actor p where p.kind = 'role' and (p.name = of_role or of_role = any (p.combines));
end;
comment on function wardkeep.narrowed_with(text) is 'Internal: a role and the combinations that hold it.';

create function wardkeep.authority_to_narrow(of_role text, refusal text) returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.authority(of_role, jsonb '"all"', clock_timestamp(), refusal);
  missing text;
begin
  -- A combination may be more than its narrower: whoever may not grant it does not end it either.
  select string_agg(n.name, ', ' order by n.name) into missing from wardkeep.narrowed_with(of_role) n
   where n.name <> of_role and not coalesce(wardkeep.may_assign(me, n.name, jsonb '"all"', clock_timestamp()), false);
  if missing is not null then
    raise exception '%: a combination holds it, and is not this role''s to grant', refusal using errcode = 'WK206',
      hint = format('Add to mayGrant of %s: %s', me.role, missing);
  end if;
  return me;
end
$$;
comment on function wardkeep.authority_to_narrow(text, text) is
  'Internal: the token in force, if its role may grant this role and every combination that holds it. Fails with WK1xx, or WK206 and the given words.';

create function wardkeep.narrow_role(from_role text, taken text, reason text) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  refusal constant text := 'this role may not narrow that role for the whole tenant';
  me wardkeep.token := wardkeep.authority_to_narrow(from_role, refusal);
begin
  perform wardkeep.require_read_committed();
  -- Waits for tokens that are being minted in this tenant, and for whoever takes others away; the next statements see them.
  perform wardkeep.tenant_alone(me.tenant);
  perform from wardkeep.token t
    where t.tenant = me.tenant and (coalesce(t.break_glass, t.referral) is not null
      or t.db_role in (select n.db_role from wardkeep.narrowed_with(from_role) n))
    order by t.digest for update;
  me := wardkeep.authority_to_narrow(from_role, refusal);
  insert into wardkeep.narrowing (tenant, role, what, reason, narrowed_by) values (me.tenant, from_role, taken, reason, me.actor)
  on conflict do nothing;
  delete from wardkeep.token t using wardkeep.narrowed_with(from_role) n
   where t.tenant = me.tenant and t.db_role = n.db_role and (taken = 'role' or taken = 'purpose ' || t.purpose);
  update wardkeep.token t set denied = array_append(t.denied, taken) from wardkeep.narrowed_with(from_role) n
   where t.tenant = me.tenant and t.db_role = n.db_role and taken <> all (t.denied);
  -- An emergency or a referral was opened on the strength of a role that may be gone.
  delete from wardkeep.token t where t.tenant = me.tenant and coalesce(t.break_glass, t.referral) is not null;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('role_narrowed', me.actor, me.tenant, jsonb_build_object('role', from_role, 'taken', taken, 'reason', reason));
exception when check_violation or not_null_violation then
  raise exception 'write role, purpose <name> or <action> <schema.table>, and a reason' using errcode = 'WK206';
end
$$;
comment on function wardkeep.narrow_role(text, text, text) is
  'Takes a role, one of its purposes or one of its actions from everybody in the tenant, combinations included, from the next statement on. Fails with WK1xx, WK206.';

create function wardkeep.lift_narrowing(of_role text, taken text, reason text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  refusal constant text := 'this role may not lift that, or gave no reason';
  me wardkeep.token := wardkeep.authority_to_narrow(of_role, refusal);
begin
  perform wardkeep.require_read_committed();
  if coalesce(btrim(reason), '') = '' then
    raise exception '%', refusal using errcode = 'WK206';
  end if;
  perform wardkeep.tenant_alone(me.tenant);
  me := wardkeep.authority_to_narrow(of_role, refusal);
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

-- Who writes. The owner has no context and is the login that took the role; maintenance and apply have left their own record
-- in this transaction. FORCE keeps the owner from what belongs to tenants outside of maintenance, backfill and apply.
-- Everybody else is who the verified context says, or is refused.
create function wardkeep_audit.context() returns wardkeep.token
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r wardkeep.token;
begin
  if current_setting('role') = current_user and coalesce(current_setting('wardkeep.token', true), '') = '' then
    select a.kind || ':' || session_user into r.actor from wardkeep.activity a
     where a.kind in ('maintenance', 'apply') and a.xmin = pg_current_xact_id()::xid limit 1;
    r.actor := coalesce(r.actor, 'owner:' || session_user);
    r.role := 'owner';
    r.purpose := split_part(r.actor, ':', 1);
    return r;
  end if;
  return wardkeep.verified();
end
$$;
comment on function wardkeep_audit.context() is
  'Internal: the verified context, or the login under the owner''s role. Fails with WK1xx: no actor, no write.';

create function wardkeep_audit.narrowed_to(branches text[]) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return case when current_setting('wardkeep.branch', true) = any (branches) then current_setting('wardkeep.branch', true) end;
end
$$;
comment on function wardkeep_audit.narrowed_to(text[]) is 'Internal: the branch that the client narrowed to, where it is one of these.';

-- Nearly every context has one branch: what is asked of several is one call that is not reached.
create function wardkeep_audit.one_branch(c wardkeep.token) returns text
  language sql stable
  return case when c.branches[2] is null then c.branches[1] else wardkeep_audit.narrowed_to(c.branches) end;
comment on function wardkeep_audit.one_branch(wardkeep.token) is
  'Internal: the branch of the context where it is one; for tables that have none of their own.';

create function wardkeep_audit.refuse_tenant() returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'the context changed inside the statement' using errcode = 'WK401',
    hint = 'Do not change the context inside a statement; nothing was written.';
end
$$;
comment on function wardkeep_audit.refuse_tenant() is 'Internal: the row written is not of the tenant that would sign for it. Fails with WK401.';

create function wardkeep_audit.record_truncate() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep_audit.context();
  gone record;
begin
  -- ONLY: TRUNCATE of a partitioned table fires here for the root and for each partition.
  for gone in execute format('select %s as tenant, count(*) as n from only %s t group by 1 having count(*) > 0',
    case when tg_argv[1] = '' then 'coalesce($1, '''')' else format('t.%I::text', tg_argv[1]) end, tg_relid::regclass) using c.tenant
  loop
    insert into wardkeep_audit.event (tenant, actor, role, purpose, session, request, verb, relation, n, detail)
    values (gone.tenant, c.actor, c.role, c.purpose, c.session_id, nullif(current_setting('wardkeep.request', true), ''), 'delete', tg_argv[0],
      gone.n, '{"truncate":true}');
    if not found then
      perform wardkeep_audit.refuse_unwritten();
    end if;
  end loop;
  return null;
end
$$;
comment on function wardkeep_audit.record_truncate() is
  'Trigger: TRUNCATE as one event per tenant. Arguments: name of the table in the policy file, tenant column or nothing.';

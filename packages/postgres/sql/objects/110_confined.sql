-- For policies on tables that confined roles reach. By default it answers null where the context does not hold, behind the
-- tenant, which raises: a term that fails only when it meets a row tells that the row is there. Where an index could ask
-- for the subject alone it raises itself.
create function wardkeep.subjects(planned text, asked_alone boolean) returns text[]
  language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$
declare
  t wardkeep.token;
begin
  if planned is distinct from current_setting('role') then
    perform wardkeep.refuse(planned);
  end if;
  t := wardkeep.verified();
  return t.subjects;
exception when sqlstate 'WK101' or sqlstate 'WK102' or sqlstate 'WK105' or sqlstate 'WK107' or sqlstate 'WK112' then
  if asked_alone then
    raise;
  end if;
  return null;
end
$$;
comment on function wardkeep.subjects(text, boolean) is
  'The subjects that the verified context reaches, or null. For policies of confined roles. Fails with WK1xx.';

create function wardkeep.permitted_tenant(planned text, what text) returns text
  language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$
declare
  t wardkeep.token;
begin
  if planned is distinct from current_setting('role') and planned is distinct from current_user then
    perform wardkeep.refuse(planned);
  end if;
  t := wardkeep.verified();
  return case when what <> all (t.denied) then t.tenant end;
end
$$;
comment on function wardkeep.permitted_tenant(text, text) is
  'The tenant of the verified context, or null where it took this action on this table from the role. For policies. Fails with WK1xx.';

create function wardkeep.taken() returns text[]
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified();
begin
  return array(select what from unnest(me.denied) u(what) order by what collate "C");
end
$$;
comment on function wardkeep.taken() is
  'What the tenant took from the role of the verified context, such as {delete public.invoice}; for menus. Fails with WK1xx.';

-- What the conditions of a cell ask; written like the functions of the fence, and for the same reasons. `held` never raises:
-- a condition that fails only when it meets a row tells that the row is there (docs/adr/0007).
-- The condition itself. Neither definer nor plpgsql, so that it becomes a part of the owner's statement that asks it; whoever
-- else calls it may not read the table.
create function wardkeep.in_force() returns setof wardkeep.token
  language sql stable parallel restricted
begin atomic
  select t.* from wardkeep.token t
   where t.digest operator(pg_catalog.=) pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.current_setting('wardkeep.token', true), 'UTF8'))
     and t.db_role operator(pg_catalog.=) pg_catalog.current_setting('role')
     and t.valid_until operator(pg_catalog.>) pg_catalog.statement_timestamp()
     and t.valid_from operator(pg_catalog.<=) pg_catalog.statement_timestamp();
end;
comment on function wardkeep.in_force() is 'Internal, for statements of the owner''s functions: the row of the token in force, or none.';

create function wardkeep.held(planned text) returns wardkeep.token
  language plpgsql stable parallel restricted security definer
as $$
declare
  r wardkeep.token;
begin
  select t.* into r from wardkeep.in_force() t
   where planned operator(pg_catalog.=) t.db_role or planned operator(pg_catalog.=) current_user::pg_catalog.text;
  return r;
end
$$;
comment on function wardkeep.held(text) is 'The row of the token in force, or nulls. For conditions in policies, behind the tenant.';

-- Stands beside the tenant of the fence as a second equality of the same column: PostgreSQL makes both one test that is
-- asked before the first row, so a refusal depends on no row.
create function wardkeep.tenant_for(planned text, purposes text[], mfa_seconds integer, asked_at timestamptz) returns text
  language plpgsql stable parallel restricted security definer
as $$
declare
  t wardkeep.token := wardkeep.held(planned);
begin
  if t.tenant is null then
    perform wardkeep.refuse(planned);
  end if;
  if purposes is not null and t.purpose operator(pg_catalog.<>) all (purposes) then
    raise exception 'allowed for the purpose % only', pg_catalog.array_to_string(purposes, ' or ') using errcode = 'WK205',
      hint = 'Name the purpose, if the session holds it: wk.run(session, { purpose }, ...).';
  end if;
  if mfa_seconds is not null and (t.mfa_at is null
     or t.mfa_at operator(pg_catalog.<) (asked_at operator(pg_catalog.-) pg_catalog.make_interval(secs => mfa_seconds))
     -- The clock of the host may be a little ahead.
     or t.mfa_at operator(pg_catalog.>) (asked_at operator(pg_catalog.+) pg_catalog.make_interval(secs => 60))) then
    raise exception 'a second factor not older than % seconds is needed', mfa_seconds using errcode = 'WK204',
      hint = 'Ask for the second factor again, issue the session anew, then repeat the request.';
  end if;
  return t.tenant;
end
$$;
comment on function wardkeep.tenant_for(text, text[], integer, timestamptz) is
  'The tenant of the verified context, when it has one of the purposes and a second factor that is not older. Fails with WK1xx, WK204 or WK205.';

create function wardkeep.group_branches(planned text, group_name text) returns text[]
  language plpgsql stable parallel restricted security definer
as $$
declare
  t wardkeep.token := wardkeep.held(planned);
begin
  return (select g.branches from wardkeep.branch_group g
           where g.tenant operator(pg_catalog.=) t.tenant and g.name operator(pg_catalog.=) group_name);
end
$$;
comment on function wardkeep.group_branches(text, text) is 'The branches of a named group of the verified tenant, or null. For conditions in policies.';

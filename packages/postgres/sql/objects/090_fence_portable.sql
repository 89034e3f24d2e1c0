-- The two functions that policies call. plpgsql, because its plan is cached on 15 to 18 alike; every name qualified,
-- because a SET clause costs 2 us a call and an unqualified name could be shadowed. `planned` is planned_as() in policies;
-- the owner's own functions (triggers of ours) are planned as the owner and work in the caller's context.
create function wardkeep.branches(planned text) returns text[]
  language plpgsql stable parallel restricted security definer
as $$
declare
  r pg_catalog.text[];
begin
  select case
           when coalesce(pg_catalog.current_setting('wardkeep.branch', true), '') operator(pg_catalog.=) '' then t.branches
           when pg_catalog.current_setting('wardkeep.branch', true) operator(pg_catalog.=) any (t.branches)
             then array[pg_catalog.current_setting('wardkeep.branch', true)]
         end
    into r from wardkeep.token t
   where t.digest operator(pg_catalog.=) pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.current_setting('wardkeep.token', true), 'UTF8'))
     and t.db_role operator(pg_catalog.=) pg_catalog.current_setting('role')
     and (planned operator(pg_catalog.=) t.db_role or planned operator(pg_catalog.=) current_user::pg_catalog.text)
     and t.valid_until operator(pg_catalog.>) pg_catalog.statement_timestamp()
     and t.valid_from operator(pg_catalog.<=) pg_catalog.statement_timestamp();
  if r is null then
    perform wardkeep.refuse(planned);
  end if;
  return r;
end
$$;
comment on function wardkeep.branches(text) is 'The branches of the verified context, or the one the client narrowed to. Fails with WK1xx.';

-- For tables none of whose indexes holds the branch without the tenant: there the tenant is asked first, and raises. Never
-- raises itself for a role: a term that fails only when it meets a row tells a context that changed between two scans of
-- one statement that the row is there.
create function wardkeep.held_branches(planned text) returns text[]
  language plpgsql stable parallel restricted security definer
as $$
declare
  r pg_catalog.text[];
begin
  select case
           when coalesce(pg_catalog.current_setting('wardkeep.branch', true), '') operator(pg_catalog.=) '' then t.branches
           when pg_catalog.current_setting('wardkeep.branch', true) operator(pg_catalog.=) any (t.branches)
             then array[pg_catalog.current_setting('wardkeep.branch', true)]
         end
    into r from wardkeep.token t
   where t.digest operator(pg_catalog.=) pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.current_setting('wardkeep.token', true), 'UTF8'))
     and t.db_role operator(pg_catalog.=) pg_catalog.current_setting('role')
     and (planned operator(pg_catalog.=) t.db_role or planned operator(pg_catalog.=) current_user::pg_catalog.text)
     and t.valid_until operator(pg_catalog.>) pg_catalog.statement_timestamp()
     and t.valid_from operator(pg_catalog.<=) pg_catalog.statement_timestamp();
  -- The owner may read every row anyway; for migrations silence would be the danger.
  if r is null and planned operator(pg_catalog.=) current_user::pg_catalog.text then
    perform wardkeep.refuse(planned);
  end if;
  return r;
end
$$;
comment on function wardkeep.held_branches(text) is 'The branches of the verified context, or null. For policies, behind the tenant.';

create function wardkeep.tenant(planned text) returns text
  language plpgsql stable parallel restricted security definer
as $$
declare
  r pg_catalog.text;
begin
  select t.tenant into r from wardkeep.token t
   where t.digest operator(pg_catalog.=) pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.current_setting('wardkeep.token', true), 'UTF8'))
     and t.db_role operator(pg_catalog.=) pg_catalog.current_setting('role')
     and (planned operator(pg_catalog.=) t.db_role or planned operator(pg_catalog.=) current_user::pg_catalog.text)
     and (coalesce(pg_catalog.current_setting('wardkeep.branch', true), '') operator(pg_catalog.=) ''
          or pg_catalog.current_setting('wardkeep.branch', true) operator(pg_catalog.=) any (t.branches))
     and t.valid_until operator(pg_catalog.>) pg_catalog.statement_timestamp()
     and t.valid_from operator(pg_catalog.<=) pg_catalog.statement_timestamp();
  if r is null then
    perform wardkeep.refuse(planned);
  end if;
  return r;
end
$$;
comment on function wardkeep.tenant(text) is 'The tenant of the verified context. Fails with WK1xx.';

create function wardkeep.branches() returns text[]
  language sql stable parallel restricted
  return wardkeep.branches(current_setting('role'));
comment on function wardkeep.branches() is 'The branches of the verified context, for statements of the host. Fails with WK1xx.';

create function wardkeep.tenant() returns text
  language sql stable parallel restricted
  return wardkeep.tenant(current_setting('role'));
comment on function wardkeep.tenant() is 'The tenant of the verified context, for defaults and statements of the host. Fails with WK1xx.';

create function wardkeep.strategy() returns text
  language sql immutable parallel safe
  return 'portable';
comment on function wardkeep.strategy() is 'Which strategy verifies the context: portable or accelerated.';

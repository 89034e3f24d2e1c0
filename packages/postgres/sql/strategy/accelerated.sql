-- Opt-in: the context is verified once per transaction by enter() and then read from a parameter that only the owner may
-- set (GRANT SET ON PARAMETER, by a superuser, once). Payload: role, tenant, branches, digest; letters, digits, _ , blank.

-- The slow path of enter(): says what was wrong.
create or replace function wardkeep.refuse_entry(given text, branch text) returns void
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  held text[];
begin
  select k.branches into held from wardkeep.token k
   where k.digest = sha256(convert_to(given, 'UTF8')) and k.valid_until > statement_timestamp() and k.valid_from <= statement_timestamp();
  if not found then
    raise exception 'the context is unknown, expired or was revoked' using errcode = 'WK102', hint = 'Sign in again.';
  end if;
  if coalesce(branch, '') <> '' and branch <> all (held) then
    raise exception 'the branch is not part of this context' using errcode = 'WK105';
  end if;
  raise exception 'the accelerated strategy needs keys of letters, digits and dashes' using errcode = 'WK007';
end
$$;
comment on function wardkeep.refuse_entry(text, text) is 'Internal: raises WK102, WK105 or WK007; never returns.';

-- One statement where nothing is wrong: it runs before every unit, so names are qualified instead of a SET clause (2 us).
create or replace function wardkeep.enter(token text, branch text) returns text
  language plpgsql volatile security definer
as $$
declare
  db_role pg_catalog.text;
  payload pg_catalog.text;
begin
  -- More than twenty branches make the payload dearer than the look-up (measured 1.24 at 20, 2.3 at 100).
  select k.db_role,
         pg_catalog.set_config('backtrace_functions', pg_catalog.translate(pg_catalog.concat_ws(' ', k.db_role, k.tenant,
           case when coalesce(branch, '') operator(pg_catalog.<>) '' then branch
                when pg_catalog.cardinality(k.branches) operator(pg_catalog.>) 20 then ''
                else pg_catalog.array_to_string(k.branches, ',') end,
           pg_catalog.encode(k.digest, 'hex')), '-', '_'), true)
    into db_role, payload
    from wardkeep.token k
   where k.digest operator(pg_catalog.=) pg_catalog.sha256(pg_catalog.convert_to(token, 'UTF8'))
     and k.valid_until operator(pg_catalog.>) pg_catalog.statement_timestamp()
     and k.valid_from operator(pg_catalog.<=) pg_catalog.statement_timestamp()
     and (coalesce(branch, '') operator(pg_catalog.=) '' or branch operator(pg_catalog.=) any (k.branches))
     and (k.tenant operator(pg_catalog.||) pg_catalog.array_to_string(k.branches, '')) operator(pg_catalog.!~) '[^A-Za-z0-9-]';
  if db_role is null then
    perform wardkeep.refuse_entry(token, branch);
  end if;
  return db_role;
end
$$;
comment on function wardkeep.enter(text, text) is
  'Verifies a token for the rest of the transaction and returns the role to take. For the application''s login. Fails with WK1xx.';

create or replace function wardkeep.refuse() returns text
  language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(current_setting('backtrace_functions', true), '') = '' then
    raise exception 'no context' using errcode = 'WK101', hint = 'Call inside wk.run(session, ...).';
  end if;
  if split_part(current_setting('backtrace_functions', true), ' ', 1) is distinct from current_setting('role') then
    raise exception 'the role in force is not the role of the context' using errcode = 'WK107';
  end if;
  raise exception 'the context has expired or was revoked' using errcode = 'WK102', hint = 'Sign in again.';
end
$$;

create or replace function wardkeep.branches_looked_up() returns text[]
  language sql stable parallel restricted security definer
begin atomic
  select t.branches from wardkeep.token t
   where t.digest = decode(split_part(current_setting('backtrace_functions', true), ' ', 4), 'hex')
     and t.valid_until > statement_timestamp();
end;
comment on function wardkeep.branches_looked_up() is 'The branches of a verified context that holds too many to travel in the parameter.';

create or replace function wardkeep.is_owner(planned text) returns boolean
  language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return planned = current_user;
end
$$;
comment on function wardkeep.is_owner(text) is 'Internal: whether a statement was planned as the owner, inside a trigger of ours.';

-- New functions are everybody's until apply grants them to whom they are for.
revoke all on function wardkeep.enter(text, text), wardkeep.refuse_entry(text, text), wardkeep.branches_looked_up(), wardkeep.is_owner(text) from public;

-- Replaced in place: policies keep pointing at it. Without SECURITY DEFINER and in SQL it is inlined into the policy.
create or replace function wardkeep.branches(planned text) returns text[]
  language sql stable parallel restricted security invoker
  return case
    when split_part(current_setting('backtrace_functions', true), ' ', 1) <> current_setting('role') then array[wardkeep.refuse()]
    when planned <> current_setting('role') and not wardkeep.is_owner(planned) then array[wardkeep.refuse(planned)]
    when split_part(current_setting('backtrace_functions', true), ' ', 3) = '' then coalesce(wardkeep.branches_looked_up(), array[wardkeep.refuse()])
    else string_to_array(translate(split_part(current_setting('backtrace_functions', true), ' ', 3), '_', '-'), ',')
  end;

-- Null for a role and an error for the owner, as in the portable strategy: for migrations silence would be the danger.
create or replace function wardkeep.held_branches(planned text) returns text[]
  language sql stable parallel restricted security invoker
  return case
    when split_part(current_setting('backtrace_functions', true), ' ', 1) <> current_setting('role') then
      case when wardkeep.is_owner(planned) then array[wardkeep.refuse()] end
    when planned <> current_setting('role') and not wardkeep.is_owner(planned) then null
    when split_part(current_setting('backtrace_functions', true), ' ', 3) = '' then
      coalesce(wardkeep.branches_looked_up(), case when wardkeep.is_owner(planned) then array[wardkeep.refuse()] end)
    else string_to_array(translate(split_part(current_setting('backtrace_functions', true), ' ', 3), '_', '-'), ',')
  end;

create or replace function wardkeep.tenant(planned text) returns text
  language sql stable parallel restricted security invoker
  return case
    when split_part(current_setting('backtrace_functions', true), ' ', 1) <> current_setting('role') then wardkeep.refuse()
    when planned <> current_setting('role') and not wardkeep.is_owner(planned) then wardkeep.refuse(planned)
    else translate(split_part(current_setting('backtrace_functions', true), ' ', 2), '_', '-')
  end;

create or replace function wardkeep.in_force() returns setof wardkeep.token
  language sql stable parallel restricted
begin atomic
  select t.* from wardkeep.token t
   where t.digest = decode(split_part(current_setting('backtrace_functions', true), ' ', 4), 'hex')
     and t.db_role = current_setting('role')
     and t.valid_until > statement_timestamp();
end;

create or replace function wardkeep.strategy() returns text
  language sql immutable parallel safe
  return 'accelerated';

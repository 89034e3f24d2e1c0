-- Says why there is no context. Slow path only; reads the token table to tell expired from unknown from another role.
-- STABLE although it raises: the accelerated strategy inlines it into policies.
create function wardkeep.refuse() returns text
  language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$
declare
  given text := current_setting('wardkeep.token', true);
  found_row wardkeep.token;
begin
  if coalesce(given, '') = '' then
    raise exception 'no context' using errcode = 'WK101', hint = 'Call inside wk.run(session, ...).';
  end if;
  if given !~ '^[a-z0-9]{47}$' then
    raise exception 'the context is malformed' using errcode = 'WK112';
  end if;
  select t.* into found_row from wardkeep.token t where t.digest = sha256(convert_to(given, 'UTF8'));
  if not found then
    raise exception 'the context is unknown or was revoked' using errcode = 'WK102', hint = 'Sign in again.';
  end if;
  if found_row.valid_until <= statement_timestamp() or found_row.valid_from > statement_timestamp() then
    raise exception 'the context has expired or is not valid yet' using errcode = 'WK102', hint = 'Sign in again.';
  end if;
  if found_row.db_role is distinct from current_setting('role') then
    raise exception 'the role in force is not the role of the context' using errcode = 'WK107';
  end if;
  raise exception 'the branch is not part of this context' using errcode = 'WK105';
end
$$;
comment on function wardkeep.refuse() is 'Raises WK101, WK102, WK105, WK107 or WK112; never returns.';

-- A statement gets its privileges checked as the role that planned it; set_config('role') inside it could then satisfy the
-- fence as another one. IMMUTABLE on purpose: folded when planned, and plans under row security are made again per role.
create function wardkeep.planned_as() returns text
  language plpgsql immutable parallel safe
as $$
begin
  return current_user;
end
$$;
comment on function wardkeep.planned_as() is 'Internal, for policies only: the role whose privileges the running statement was planned with.';

create function wardkeep.refuse(planned text) returns text
  language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if planned is distinct from current_setting('role') and planned is distinct from current_user then
    raise exception 'the role in force is not the role that the statement began with' using errcode = 'WK107';
  end if;
  return wardkeep.refuse();
end
$$;
comment on function wardkeep.refuse(text) is 'Raises WK107 when the role was switched inside the statement, else as refuse().';

create function wardkeep.refuse_session() returns boolean
  language plpgsql stable parallel restricted set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'the state of this connection was changed' using errcode = 'WK109',
    hint = 'The connection is destroyed; the statement did not run.';
end
$$;
comment on function wardkeep.refuse_session() is 'Raises WK109; called by the client''s prologue when a setting is not what the client left.';

create function wardkeep.verified() returns wardkeep.token
  language plpgsql stable parallel restricted security definer
as $$
declare
  r wardkeep.token := wardkeep.held(pg_catalog.current_setting('role'));
begin
  if r.tenant is null then
    perform wardkeep.refuse();
  end if;
  return r;
end
$$;
comment on function wardkeep.verified() is 'The row of the token in force, checked against role and time. Internal: fails with WK1xx.';

create function wardkeep.actor() returns text
  language sql stable parallel restricted security definer
  return (wardkeep.verified()).actor;
comment on function wardkeep.actor() is 'Who acts, from the verified context. Fails with WK1xx.';

create function wardkeep.role_name() returns text
  language sql stable parallel restricted security definer
  return (wardkeep.verified()).role;
comment on function wardkeep.role_name() is 'As which role of the policy file, from the verified context. Fails with WK1xx.';

create function wardkeep.purpose() returns text
  language sql stable parallel restricted security definer
  return (wardkeep.verified()).purpose;
comment on function wardkeep.purpose() is 'For which purpose, from the verified context. Fails with WK1xx.';

create function wardkeep.session_id() returns uuid
  language sql stable parallel restricted security definer
  return (wardkeep.verified()).session_id;
comment on function wardkeep.session_id() is 'In which session, from the verified context. Fails with WK1xx.';

create function wardkeep.mfa_at() returns timestamptz
  language sql stable parallel restricted security definer
  return (wardkeep.verified()).mfa_at;
comment on function wardkeep.mfa_at() is 'When the second factor was last given, or null. Fails with WK1xx.';

create function wardkeep.request_id() returns text
  language sql stable parallel restricted
  return nullif(current_setting('wardkeep.request', true), '');
comment on function wardkeep.request_id() is 'The request id the client claims: a label, not evidence.';

-- Every name qualified instead of a SET clause: a plan is made for one search_path, and the default of a branch column and the
-- fence behind it ask through the same function. Under two paths each INSERT would have it planned twice anew.
create function wardkeep.branch() returns text
  language plpgsql stable parallel restricted
as $$
declare
  held pg_catalog.text[] := wardkeep.branches();
begin
  if pg_catalog.cardinality(held) operator(pg_catalog.<>) 1 then
    raise exception 'the context has several branches' using errcode = 'WK106',
      hint = 'Name the branch in the statement, or narrow the context to one.';
  end if;
  return held[1];
end
$$;
comment on function wardkeep.branch() is 'The one branch of the context; the default of branch columns. Fails with WK106 when there are several.';

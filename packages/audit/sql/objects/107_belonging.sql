-- Branches may number their rows each for itself. A UUID is nobody else's, wherever its row was moved.
create function wardkeep_audit.numbered_in(record text, branch text) returns text
  language sql immutable
  return case when record !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then branch end;
comment on function wardkeep_audit.numbered_in(text, text) is 'Internal: the branch that belongs to a record''s name; null where the record alone names it.';

create function wardkeep_audit.of_nobody_told(of_tenant text) returns integer
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (select coalesce(sum(r.n), 0) from (
    select count(*) as n from wardkeep_audit.belonging() b join wardkeep_audit.event e on e.relation = b.child
     where e.tenant = of_tenant and e.subject is null and e.record is not null and e.verb in ('create', 'update', 'delete')
       and not exists (select from wardkeep_audit.refiled f where f.tenant = e.tenant and f.relation = e.relation and f.record = e.record and coalesce(wardkeep_audit.numbered_in(f.record, f.branch) = e.branch, true))
     group by e.relation, e.record having not bool_or(coalesce(jsonb_typeof(e.detail::jsonb -> b.by_column) = 'array', false))) r);
end
$$;
comment on function wardkeep_audit.of_nobody_told(text) is
  'Internal: events of rows that belong to other rows and of which the log does not tell to which: they may be about anybody.';

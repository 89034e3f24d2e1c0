-- Branches may number their rows each for itself. A UUID is nobody else's, wherever its row was moved.
create function wardkeep_audit.numbered_in(record text, branch text) returns text
  language sql immutable
  return case when record !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then branch end;
comment on function wardkeep_audit.numbered_in(text, text) is 'Internal: the branch that belongs to a record''s name; null where the record alone names it.';

-- Events of a row that belongs to another one name nobody: the log itself says what it belonged to, as far as it tells. Parents first.
create function wardkeep_audit.logged_records(of_tenant text, of_subject text, known jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  found_records jsonb := known;
  b record;
begin
  for b in select * from wardkeep_audit.belonging() loop
    found_records := found_records || coalesce((
      with parents as materialized (
        select wardkeep_audit.numbered_in(e.record, e.branch) as branch, e.record from wardkeep_audit.event e where e.tenant = of_tenant and e.subject = of_subject and e.relation = b.parent and e.record is not null
        union
        select r.value ->> 2, r.value ->> 1 from jsonb_array_elements(found_records) r where r.value ->> 0 = b.parent
      )
      select jsonb_agg(distinct jsonb_build_array(e.relation, e.record, wardkeep_audit.numbered_in(e.record, e.branch))) from wardkeep_audit.event e
       where e.tenant = of_tenant and e.relation = b.child and e.subject is null and e.record is not null and e.verb in ('create', 'update', 'delete')
         and exists (select from parents p where p.record in (e.detail::jsonb -> b.by_column ->> 0, e.detail::jsonb -> b.by_column ->> 1) and coalesce(p.branch = e.branch, true))
    ), '[]');
  end loop;
  return found_records;
end
$$;
comment on function wardkeep_audit.logged_records(text, text, jsonb) is
  'Internal: records that belonged to rows about a person, as table, record and branch, as the audit log tells it, beside those that are known.';

create function wardkeep_audit.of_nobody_told(of_tenant text) returns integer
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (select coalesce(sum(r.n), 0) from (
    select count(*) as n from wardkeep_audit.belonging() b join wardkeep_audit.event e on e.relation = b.child
     where e.tenant = of_tenant and e.subject is null and e.record is not null and e.verb in ('create', 'update', 'delete')
     group by e.relation, e.record having not bool_or(coalesce(jsonb_typeof(e.detail::jsonb -> b.by_column) = 'array', false))) r);
end
$$;
comment on function wardkeep_audit.of_nobody_told(text) is
  'Internal: events of rows that belong to other rows and of which the log does not tell to which: they may be about anybody.';

-- Past every list of columns: each table of our schemas, as text. Partitions are read through their whole.
create function wardkeep_consent.left_own(of_request uuid) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  u wardkeep_consent.unverified;
  t record;
  n bigint;
  counts jsonb := '{}';
begin
  select v.* into u from wardkeep_consent.unverified v where v.request = of_request;
  if not found then
    perform wardkeep_consent.refuse_right('this destruction was certified already, or there was none');
  end if;
  if (wardkeep_consent.destroyed(of_request) ->> 'log') = 'key-of-several' then
    return '{}';
  end if;
  for t in select s.nspname, c.relname, exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'subject') as names,
                  exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant') as of_tenant
             from pg_class c join pg_namespace s on s.oid = c.relnamespace
            where s.nspname in ('wardkeep', 'wardkeep_audit', 'wardkeep_consent') and c.relkind in ('r', 'p') and not c.relispartition
              and c.oid <> 'wardkeep_consent.unverified'::regclass
            order by 1, 2 loop
    if wardkeep_consent.unmistakable(u.subject) then
      execute format('select count(*) from %I.%I x where strpos(x::text, $1) > 0', t.nspname, t.relname) into n using u.subject;
    elsif t.names and t.of_tenant then
      execute format('select count(*) from %I.%I x where x.subject = $1 and x.tenant = $2', t.nspname, t.relname) into n using u.subject, u.tenant;
    else
      continue;
    end if;
    counts := counts || jsonb_build_object(t.nspname || '.' || t.relname, n);
  end loop;
  return counts;
end
$$;
comment on function wardkeep_consent.left_own(uuid) is
  'For the owner: counts what is left of a destroyed person in the audit log, the ledger and Wardkeep''s own tables, by a query that names no column where the key is a UUID. Fails with WK560.';

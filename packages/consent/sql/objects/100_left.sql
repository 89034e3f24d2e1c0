-- Past every list of columns: each table of our schemas, as text. Partitions are read through their whole.
create function wardkeep_consent.left_own(of_request uuid) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  u wardkeep_consent.unverified;
  t record;
  n bigint;
  other bigint;
  found_in jsonb := '{}';
  mentioned jsonb := '{}';
begin
  select v.* into u from wardkeep_consent.unverified v where v.request = of_request;
  if not found then
    perform wardkeep_consent.refuse_right('this destruction was certified already, or there was none');
  end if;
  if (wardkeep_consent.destroyed(of_request) ->> 'log') = 'key-of-several' then
    return '{"found": {}, "mentions": {}}';
  end if;
  for t in select s.nspname, c.relname, exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'subject') as names,
                  exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant') as of_tenant
             from pg_class c join pg_namespace s on s.oid = c.relnamespace
            where s.nspname in ('wardkeep', 'wardkeep_audit', 'wardkeep_consent') and c.relkind in ('r', 'p') and not c.relispartition
              and c.oid <> 'wardkeep_consent.unverified'::regclass
            order by 1, 2 loop
    other := 0;
    if wardkeep_consent.unmistakable(u.subject) then
      -- What is about somebody else, or was written as a reason of an owner's work, is told and stays.
      execute format('select count(*) filter (where not o.stays), count(*) filter (where o.stays)
          from %I.%I x, lateral (select %s as stays) o where strpos(lower(x::text), $1) > 0', t.nspname, t.relname,
        case when t.nspname = 'wardkeep_audit' and t.relname = 'event' then 'coalesce(lower(x.subject), $1) <> $1'
             else (t.nspname = 'wardkeep' and t.relname in ('activity', 'session'))::text end) into n, other using u.subject;
    elsif t.names and t.of_tenant then
      execute format('select count(*) from %I.%I x where x.subject = $1 and x.tenant = $2', t.nspname, t.relname) into n using u.subject, u.tenant;
    else
      continue;
    end if;
    found_in := found_in || jsonb_build_object(t.nspname || '.' || t.relname, n);
    if other > 0 then
      mentioned := mentioned || jsonb_build_object(t.nspname || '.' || t.relname, other);
    end if;
  end loop;
  return jsonb_build_object('found', found_in, 'mentions', mentioned);
end
$$;
comment on function wardkeep_consent.left_own(uuid) is
  'For the owner: counts what is left of a destroyed person in the audit log, the ledger and Wardkeep''s own tables, by a query that names no column where the key is a UUID; what is about others and mentions the key is counted apart. Fails with WK560.';

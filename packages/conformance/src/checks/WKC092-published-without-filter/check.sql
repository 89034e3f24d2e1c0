-- title: A publication sends every tenant's rows
-- severity: hygiene
-- cwe: CWE-668
-- cvss: CVSS:3.1/AV:N/AC:H/PR:H/UI:N/S:U/C:H/I:N/A:N
select
  t.label as object,
  'Publication ' || p.pubname || ' sends every row of this table to its subscribers; policies do not apply to replication.' as message,
  'publication ' || p.pubname as evidence,
  'select * from pg_publication_tables where pubname = ' || quote_literal(p.pubname) || ';' as replay,
  'alter publication ' || quote_ident(p.pubname) || ' drop table ' || t.name || '; or give it a row filter (PostgreSQL 15 and later).' as fix
from tenant_table t
join pg_catalog.pg_publication p on p.puballtables
  or exists (select from pg_catalog.pg_publication_rel r where r.prpubid = p.oid and r.prrelid = t.oid and to_jsonb(r) ->> 'prqual' is null)

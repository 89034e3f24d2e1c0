-- What the role in force may do with each relation. $1: their oids.
select
  c.oid::text as oid,
  array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    and pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')) as select,
  array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    and pg_catalog.has_column_privilege(c.oid, a.attnum, 'INSERT')) as insert,
  array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    and pg_catalog.has_column_privilege(c.oid, a.attnum, 'UPDATE')) as update,
  pg_catalog.has_table_privilege(c.oid, 'DELETE') as delete,
  pg_catalog.has_table_privilege(c.oid, 'TRUNCATE') as truncate,
  pg_catalog.has_table_privilege(c.oid, 'TRIGGER') as trigger,
  pg_catalog.has_table_privilege(c.oid, 'REFERENCES') as references,
  pg_catalog.pg_has_role(c.relowner, 'USAGE') as owner
from pg_catalog.pg_class c
where c.oid = any ($1::oid[]) and pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')

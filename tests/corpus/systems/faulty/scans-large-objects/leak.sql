-- as A
select convert_from(lo_get(oid), 'utf8') from pg_largeobject_metadata;

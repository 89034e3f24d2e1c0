alter table visit add scan oid;
select lo_from_bytea(0, 'scan');
grant select on large object :"lo" to :"app";

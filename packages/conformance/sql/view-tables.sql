-- Tables that these views and materialized views read, through other views too. $1: views.
with recursive reads as (
  select v as view, v as oid from unnest($1::oid[]) as v
  union
  select r.view, d.refobjid
  from reads r
  join pg_catalog.pg_rewrite w on w.ev_class = r.oid
  join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = w.oid
    and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid <> r.oid
)
select view::text as view, oid::text as relation from reads where view <> oid order by 1, 2

create view wk_view as select id, note from visit;
grant select on wk_view to :"app";

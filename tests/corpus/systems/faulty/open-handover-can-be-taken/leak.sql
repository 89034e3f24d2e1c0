-- control as A
select * from handover;
-- as A
update handover set service_id = 'd1000000-0000-4000-8000-00000000000a';
select client_name, note from handover;

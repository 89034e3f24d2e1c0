-- as A
select * from api.customer;
select * from api.contract_sheet;
select * from api.find_customer('%');
select * from api.find_customer('') where name like '%';
-- as A
create function pg_temp.peek(a text, b text) returns boolean language plpgsql cost 0.0000001 as $$
begin
  raise notice '% %', a, b;
  return true;
end $$;
select * from api.customer where pg_temp.peek(name, health_note);
-- as A
select * from data.customer;
-- as A
select api.report_claim(99, 'x');
-- as A
update api.contract_sheet set remark = 'taken';
update api.customer set address = 'taken';
delete from api.appointment;
-- as A
set session_replication_role = replica;
-- truth
select exists (select from data.contract where broker <> 'adams' and remark = 'taken') or exists (select from data.customer where broker <> 'adams' and address = 'taken')
  or (select count(*) from data.appointment where broker <> 'adams') <> 6;

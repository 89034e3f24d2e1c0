-- as A
insert into dialysis_session values (1, 90, 22, 'attached to the neighbour');
-- as B
delete from machine where machine_id = 22;
-- truth
select not exists (select from dialysis_session where centre_id = 1 and no = 90) and not exists (select from machine where machine_id = 22);

-- as A
insert into v_open_appointment values (12, 77, 'planted', 'open');
update v_open_appointment set branch_id = 12, no = 78;
-- truth
select exists (select from appointment where branch_id = 12 and no in (77, 78));

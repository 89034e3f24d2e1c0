-- as A
insert into v_appointment values (12, 1, 'taken', null);
insert into v_appointment values (12, 9, 'taken', null);
update v_appointment set branch_id = 12, patient = 'taken';
-- truth
select exists (select from appointment where branch_id = 12 and patient = 'taken');

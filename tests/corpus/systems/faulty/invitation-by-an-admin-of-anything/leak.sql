-- as A
select accept_invitation(invite('0b000000-0000-4000-8000-000000000002', 'ann@alder.example', 'doctor'));
select p.name, n.body from patient p join chart_note n on n.patient_id = p.id;
-- control as A
select accept_invitation('bc000000-0000-4000-8000-000000000002');
-- control as A
select remove_member('0b000000-0000-4000-8000-000000000002', 'bb000000-0000-4000-8000-000000000001');

-- control as A
select * from patient;
select accept_invitation('ahorn-desk', 1);
select * from patient;
-- control as A
select accept_invitation('welcome-2', 2);
-- as A
insert into invitation (clinic_id, code, email, permission, letter, expires_at) values (1, 'ahorn-again', 'head1@example.org', 'desk', 'Please help out again', '2099-01-01');
select accept_invitation('ahorn-again', 2);
select full_name from patient;
select body from session_note;

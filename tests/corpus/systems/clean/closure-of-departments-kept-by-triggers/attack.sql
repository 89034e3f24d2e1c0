-- as A
insert into department values ('salus', 77, 1, 'taken', 'GEN');
insert into department values ('vita', 78, null, 'taken', 'GEN');
insert into department values ('vita', 79, 10, 'new ward', 'GEN');
select * from dept_path;
select dept_breadcrumb(11), dept_breadcrumb(21), dept_breadcrumb(79);
select * from patient;
update patient set group_id = 'salus', full_name = 'taken';
insert into handover values ('medic', 11, '2026-03-09', 'taken');
-- truth
select exists (select from department where group_id <> 'vita' and title = 'taken') or exists (select from patient where group_id <> 'vita' and full_name = 'taken')
    or exists (select from dept_path where group_id <> 'vita' and lower_id > 21);

-- as A
insert into patient (site_id, insurance_no, name) values ('10000000-0000-4000-8000-000000000001', 'B200', 'x');
-- control as A
insert into patient (site_id, insurance_no, name) values ('10000000-0000-4000-8000-000000000001', 'B201', 'x');
-- control as A
insert into patient (site_id, insurance_no, name) values ('10000000-0000-4000-8000-000000000001', 'A100', 'x');

-- control as A
insert into insured values ('71000000-0000-4000-8000-000000000001', 8, 'probe', 'sh-3000', true);
-- as A
insert into insured values ('71000000-0000-4000-8000-000000000001', 9, 'probe', 'sh-2000', true);

-- as A
insert into tpa.import_batch values ('ACME', 7, 'member', 'feb.csv');
insert into tpa.import_line values ('ACME', 7, 1, '{"insurer": "BRV", "member_no": "m1", "name": "taken over", "iban": "XX99"}');
select tpa.commit_import(7);
-- truth
select exists (select from tpa.member where insurer_id = 'BRV' and name = 'taken over' and iban = 'XX99');

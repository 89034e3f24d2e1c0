-- as A
select import_claims('feb.json', '[{"claim_ref": "H1-2001", "member_no": "M1", "provider": "H1", "icd": "H25", "amount": 1, "remark": "overwritten by the file of Aurelia"}]');
-- truth
select exists (select from claim where insurer = 18 and remark = 'overwritten by the file of Aurelia' and amount = 1);
-- control as A
select import_members('m.json', '[{"member_no": "M1", "plan": "STD", "name": "New name", "iban": "DE01"}]');
select * from claim;
select * from claim_history;
-- control as A
update claim_document set extracted = 'x' where insurer = 18 returning *;
-- control as A
select settle('H1-2002', 100, 'x');

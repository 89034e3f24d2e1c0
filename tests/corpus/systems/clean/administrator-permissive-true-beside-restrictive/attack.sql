-- as A
update claim set state = 'decided' where true returning reason;
select reopen(array[1, 2, 3], 'appeal');
select * from open_claim;
update policy_holder set iban = 'XX' returning name;
-- as A
insert into claim values (2, 77, 1, 'HOS', 1, 'open', 'taken');
-- as A
update dependant set insurer = 2;
-- as A, without context
select * from policy_holder;
-- truth
select exists (select from claim where insurer <> 1 and state <> 'open') or exists (select from policy_holder where insurer <> 1 and iban = 'XX');

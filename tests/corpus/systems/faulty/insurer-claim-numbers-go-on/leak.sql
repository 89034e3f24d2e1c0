-- as A
insert into claims.claim (payer_id, claim_year, member_no, npi) values ('AUR', 2026, 1, '1003000126') returning 'the next is ' || claim_no;
-- control as A
insert into claims.claim (payer_id, claim_year, member_no, npi) values ('AUR', 2025, 1, '1003000126') returning 'the next is ' || claim_no;
select claim_no from claims.claim where claim_year = 2025;

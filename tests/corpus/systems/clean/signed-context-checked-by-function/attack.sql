-- as A
select set_config('portal.pass', 'k2.lebensgut.4102444800.076ad0a2b193420710f84cce80a204302b51bebd6ade246a4ccdf81827d550f8', true);
select * from portal.insured;
select set_config('portal.pass', 'k1.lebensgut.4102444800.e5769788fa77970bde39626bb64094cb2e716888eb1454e8e610527854ca62c8', true);
select * from portal.insured;
select * from portal.read_opinion(2026, 1);
select set_config('portal.pass', 'k2.lebensgut.1700000000.009fd6a5f3588e229e1e14921b0e66b35789a3a0de22b2b0295393f69c7db1e3', true);
select * from portal.claim;
select set_config('portal.pass', 'k2.lebensgut.99999999999999.00', true);
select * from portal.read_opinion(2026, 2);
select * from ctx.signing_key;
-- as A
select * from portal.read_opinion(2026, 1);
select portal.next_claim_no(2026);
update portal.claim set insurer = 'lebensgut', story = 'taken';
insert into portal.payout values ('wachsam', 2026, 1, '2026-06-06', 1, 'taken');
-- truth
select exists (select from portal.claim where insurer <> 'nordmut' and story = 'taken') or exists (select from portal.payout where purpose = 'taken');

-- as A
select story from claims.claim;
select title, body from claims.claim_file;
select purpose from claims.handover;
select claims.consent(2, '1a000000-0000-4000-8000-000000000001', '2026-01-01');
select story from claims.claim;
-- as A
insert into claims.handover (insurer_id, claim_no, to_insurer, purpose, ends_on) values ('2b000000-0000-4000-8000-000000000002', 3, '1a000000-0000-4000-8000-000000000001', 'mine', '2099-01-01');
-- as A
update claims.claim set insurer_id = '2b000000-0000-4000-8000-000000000002' where no = 1;
-- as A, without context
select story from claims.claim;
-- truth
select exists (select from claims.handover where claim_no = 3 or (consent_on is not null and consent_on > '2020-01-01'));

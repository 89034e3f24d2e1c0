-- as A
select * from ins.monthly_figures;
-- as A
select * from ins_parts.claim_2;
-- as A
select ins.refresh_figures();
select * from ins.my_monthly_figures;
select * from ins.next_mail();
select * from ins.next_mail();
-- as A
insert into ins.claim (insurer_id, claim_no, holder_no, amount) values ('1a000000-0000-4000-8000-000000000002', 9, 1, 1);
-- as A
update ins.claim set insurer_id = '1a000000-0000-4000-8000-000000000002', claim_no = 99 where claim_no = 2;
-- as A, without context
select * from ins.my_monthly_figures;
select * from ins.next_mail();
-- truth
select exists (select from ins.claim where insurer_id <> '1a000000-0000-4000-8000-000000000001' and claim_no <> 1) or exists (select from ins.mail_queue where body like '%bravo%' and sent_at is not null);

-- as A
select * from open_link('bravo');
select lab, report_no, expires_at from share_link;
-- as A, without context
select * from open_link('');

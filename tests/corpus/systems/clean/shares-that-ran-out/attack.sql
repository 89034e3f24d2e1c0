-- as A
select accept_share('cccc0000-0000-4000-8000-000000000003', 'cccc1000-0000-4000-8000-000000000001');
select accept_share('bbbb0000-0000-4000-8000-000000000002', 'bbbb1000-0000-4000-8000-000000000001');
select accept_share('bbbb0000-0000-4000-8000-000000000002', 'bbbb1000-0000-4000-8000-000000000002');
select * from case_file;
select * from case_image;
select * from case_share;
-- as A
select share_case('bbbb1000-0000-4000-8000-000000000001', 'aaaa0000-0000-4000-8000-000000000001');
-- as A
insert into case_share (clinic_id, case_id, guest_id, accepted_at) values ('cccc0000-0000-4000-8000-000000000003', 'cccc1000-0000-4000-8000-000000000001', 'aaaa0000-0000-4000-8000-000000000001', now());
-- as A
insert into case_opinion (clinic_id, case_id, text) values ('bbbb0000-0000-4000-8000-000000000002', 'bbbb1000-0000-4000-8000-000000000001', 'x');

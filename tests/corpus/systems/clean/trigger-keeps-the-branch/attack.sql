-- as A
update plan set branch = '0190bbbb-0000-7000-8000-00000000000b', exercise = 'moved';
-- as A
insert into plan values ('0190bbbb-0000-7000-8000-00000000000b', 7, 'nobody', 'entered');
-- truth
select exists (select from plan where branch <> '0190aaaa-0000-7000-8000-00000000000a' and exercise in ('moved', 'entered'));

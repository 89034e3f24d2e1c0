-- as A
select * from board.inbox;
select * from board.case_file;
select board.open_to_me('BODE', md5('BODE1')::uuid) then_open, board.open_to_me('BODE', md5('BODE2')::uuid);
select board.prolong(md5('BODE1')::uuid, 'ALST', 'infinity');
update board.share set valid_until = 'infinity', withdrawn_at = null where shared_with = 'ALST';
insert into board.share values ('BODE', md5('BODE3')::uuid, 'ALST', 'infinity', null, 'please');
insert into board.share values ('ALST', md5('BODE3')::uuid, 'CHAR', 'infinity', null, 'please');
insert into board.opinion values ('BODE', md5('BODE1')::uuid, 2, 'ALST', 'late');
select * from board.case_file;
-- truth
select exists (select from board.share where shared_with = 'ALST' and withdrawn_at is null and valid_until > now())
  or exists (select from board.opinion where body = 'late');

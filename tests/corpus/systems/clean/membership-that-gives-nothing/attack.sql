-- as A
select * from client;
select * from session_note;
-- as A
set local role speechlab_support;
select * from client;
-- as A
reset role;
select * from client;
-- as A
set local role speechlab_reader;
select * from client;
-- as A
update client set clinic = 'basso', no = no + 50;
-- as A
delete from recording;
-- truth
select (select count(*) from recording) < 4 or exists (select from client where no > 50);

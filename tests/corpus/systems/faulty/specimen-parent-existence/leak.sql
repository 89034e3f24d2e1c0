-- as A
insert into tube values (1, 70, 200, 'attached');
-- truth
select exists (select from tube where tube_no = 70 and specimen_no = 200) and not exists (select from tube where specimen_no = 300);

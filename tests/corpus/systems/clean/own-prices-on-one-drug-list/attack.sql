-- as A
select * from catalogue;
select * from shelf where code = 'D2';

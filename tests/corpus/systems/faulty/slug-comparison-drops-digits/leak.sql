-- as A
select * from treatment;
-- as C
select * from treatment;

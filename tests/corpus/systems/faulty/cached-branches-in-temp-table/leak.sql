-- as B
select patient from bed;
-- as A, same connection
select patient from bed;

-- as A
select case when rank_of(1) > (select count(*) from waiting) then 'bravo: somebody else waits' end;

-- as A
select mother, remark from delivery;

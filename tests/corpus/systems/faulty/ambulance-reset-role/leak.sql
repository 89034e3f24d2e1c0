-- as A
reset role;
select caller, condition from trip;

-- control as A
select naav from rugna;
-- as A, without context
reset role;
select naav from rugna;
select aushadh from aushadh_chitthi;

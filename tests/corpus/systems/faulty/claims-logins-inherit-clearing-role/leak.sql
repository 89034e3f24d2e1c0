-- as A
select position, diagnosis from claim_line;
-- control as A
select * from claim;
select * from rejection;
select * from clearing_run;
-- control as A
set local role hexlan_desk;
select * from client;

-- as A
set role srb_maintenance;
select body from message;

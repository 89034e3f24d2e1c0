-- as A
set role well_report;
select member, goal from member_health;

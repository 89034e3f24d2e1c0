-- as A
select client, goal from therapy_plan;

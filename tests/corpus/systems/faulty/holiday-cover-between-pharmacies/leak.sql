-- as A
select full_name, insurance from customer;
select doctor, pzn from prescription;
-- control as A
select full_name from customer where login in (current_user, 'rxgroup_castell', 'rxgroup_dom');

-- control as A
select * from find_sale('met');
select * from find_sale('lithium');
-- as A
select buyer, drug from find_sale('x%'' or drug ilike ''%');

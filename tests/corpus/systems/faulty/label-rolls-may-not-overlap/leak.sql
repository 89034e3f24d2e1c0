-- as A
insert into label_roll (site_id, no, numbers, tube, remark) values (current_site(), 77, '[40010500,40010500]', 'S', 'try') on conflict do nothing;
select 'this number is on the roll of another site' as verdict where not exists (select from label_roll where numbers @> 40010500::bigint);
-- control as A
insert into label_roll (site_id, no, numbers, tube, remark) values (current_site(), 78, '[40012500,40012500]', 'S', 'try') on conflict do nothing;
select 'this number is on the roll of another site' as verdict where not exists (select from label_roll where numbers @> 40012500::bigint);

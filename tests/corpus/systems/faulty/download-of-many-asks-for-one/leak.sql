-- control as A
select result from reports_by_ids(array['aaaaaaaa-0001-4000-8000-000000000001']::uuid[]);
-- control as A
select result from reports_by_ids(array['bbbbbbbb-0001-4000-8000-000000000001']::uuid[]);
-- as A
select test, result from reports_by_ids(array['aaaaaaaa-0001-4000-8000-000000000001', 'bbbbbbbb-0001-4000-8000-000000000001']::uuid[]);

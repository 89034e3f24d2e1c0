-- as A
select * from open_chart('22222222-0000-4000-8000-000000000002');
-- as A, without context
select * from open_chart('22222222-0000-4000-8000-000000000002');

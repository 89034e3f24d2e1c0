-- as A
select open_prescription(3, '00000004-0000-4000-8000-000000000001');
select hand_over('00000004-0000-4000-8000-000000000001', 1);
select reopen_all(3, array['00000004-0000-4000-8000-000000000001']::uuid[]);
-- as A
select open_prescription(4, '00000004-0000-4000-8000-000000000001');
-- as A
select reopen_all(4, array['00000004-0000-4000-8000-000000000001']::uuid[]);
-- as A, without context
select open_prescription(null, '00000004-0000-4000-8000-000000000001');
-- truth
select exists (select from prescription where shop <> 3 and state <> 'received') or exists (select from stock where shop <> 3 and qty <> 10);

-- as A
select * from api.customers('', 'name limit 0) x, data.customer --');
select * from api.customers('bravo');
select api.customer(no) from generate_series(1, 9) no;
-- as A
select api.pair_device(left(md5('Scanner of Pharmacy Boje ' || 'bra' || 'vo'), 6));
select api.pair_device(left(md5('Pharmacy Boje ' || 'bra' || 'vo'), 6));
-- truth
select exists (select from data.device where paired_at is not null and pharmacy <> 'a1000000-0000-4000-8000-000000000001');
-- as A
select api.pharmacies();
-- as A
select * from data.customer;
-- as A, without context
select * from api.stock();

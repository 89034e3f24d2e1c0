-- as A
select push_lines('[{"rental_no": 1, "pos": 9, "depot": "lg", "article": "WC1", "serial": "x"}]');
select * from rental_line;
-- as A
select receive('lg', 'WC1', '2026-01-04 09:00+00');
-- as A
select set_config('tamsin.token', md5('gonelg')::uuid::text, true);
select * from customer;

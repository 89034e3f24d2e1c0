-- as A
do $$
begin
  insert into slot_booking (site, request_no, scanner, starts_at) values ('ALS', 3, 'MR1', '2026-06-01 12:20+00');
exception when unique_violation then
  perform set_config('roe.answer', 'somebody has this slot', true);
end $$;
select current_setting('roe.answer', true) as answer, count(*) as own_rows from slot_booking where starts_at = '2026-06-01 12:20+00';
-- control as A
do $$
begin
  insert into slot_booking (site, request_no, scanner, starts_at) values ('ALS', 3, 'MR1', '2026-06-01 17:00+00');
exception when unique_violation then
  perform set_config('roe.answer', 'somebody has this slot', true);
end $$;
select current_setting('roe.answer', true) as answer, count(*) as own_rows from slot_booking where starts_at = '2026-06-01 17:00+00';
select * from day_list;

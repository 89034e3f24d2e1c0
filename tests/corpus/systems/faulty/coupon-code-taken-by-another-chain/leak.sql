-- control as A
select code from coupon where code = 'DIWALI40';
do $$ declare told text; begin
  call add_coupon('HOLI40', 'full body', 40, '2026-12-31', 'nobody', told);
  if told = 'code in use' then raise notice 'bravo: another chain runs this code'; end if;
end $$;
-- as A
do $$ declare told text; begin
  call add_coupon('DIWALI40', 'full body', 40, '2026-12-31', 'nobody', told);
  if told = 'code in use' then raise notice 'bravo: another chain runs this code'; end if;
end $$;

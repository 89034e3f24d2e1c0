-- control as A
do $$ begin
  call cancel_order(99999);
exception when insufficient_privilege then
  raise notice 'bravo: there is such an order, at another pharmacy';
when no_data_found then null;
end $$;
-- as A
do $$ begin
  call cancel_order(41002);
exception when insufficient_privilege then
  raise notice 'bravo: there is such an order, at another pharmacy';
when no_data_found then null;
end $$;

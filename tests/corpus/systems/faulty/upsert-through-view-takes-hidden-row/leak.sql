-- control as A
update v_stock set store_id = 14 where batch = 'ALP-0907' returning batch, kept_for;
-- as A
insert into v_stock values (15, 'ALP-0907', 'ALP', 1, null)
  on conflict (store_id, batch) do update set store_id = 14 returning batch, kept_for;

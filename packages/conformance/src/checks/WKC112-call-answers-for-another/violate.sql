create table code_sent (phone text primary key, times int not null);
create function send_code(phone text) returns int language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.code_sent as s values (phone, 1) on conflict (phone) do update set times = s.times + 1 returning 5 - times
$$;

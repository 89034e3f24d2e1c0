drop function send_code(text);
drop table code_sent;
create table code_sent (branch_id int, phone text, times int not null, primary key (branch_id, phone));
create function send_code(phone text) returns int language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.code_sent as s values (current_setting('app.branch')::int, phone, 1)
    on conflict (branch_id, phone) do update set times = s.times + 1 returning 5 - times
$$;

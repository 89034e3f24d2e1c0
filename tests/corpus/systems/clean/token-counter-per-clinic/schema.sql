create role tpcc_owner nologin;
create role tpcc_app login;
alter schema public owner to tpcc_owner;
set role tpcc_owner;
create table counter (clinic_id int not null, on_day date not null, last int not null, label text, primary key (clinic_id, on_day));
create table opd_token (clinic_id int not null, on_day date not null, token int not null, patient text not null, primary key (clinic_id, on_day, token));
insert into counter values (71, '2026-05-01', 1, 'OPD'), (72, '2026-05-01', 40, 'bravo OPD');
insert into opd_token values (71, '2026-05-01', 1, 'Arasi'), (72, '2026-05-01', 40, 'Bhavna bravo');
create function next_token(on_day date) returns int language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare clinic int := nullif(current_setting('tpcc.clinic', true), '')::int; n int;
begin
  if clinic is null then raise exception 'no clinic in this session'; end if;
  insert into public.counter as c (clinic_id, on_day, last) values (clinic, next_token.on_day, 1)
    on conflict (clinic_id, on_day) do update set last = c.last + 1 returning c.last into n;
  return n;
end $$;
revoke execute on function next_token from public;
grant execute on function next_token to tpcc_app;
alter table opd_token enable row level security, force row level security;
create policy clinic on opd_token using (clinic_id = (select nullif(current_setting('tpcc.clinic', true), '')::int));
grant select, insert on opd_token to tpcc_app;
reset role;

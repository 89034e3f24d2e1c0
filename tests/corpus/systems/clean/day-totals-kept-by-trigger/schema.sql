create role dtk_owner nologin;
create role dtk_app login;
alter schema public owner to dtk_owner;
set role dtk_owner;
create table drug (code text primary key, name text not null, price numeric(8,2) not null);
create table sale (shop_id int not null, no int not null, day date not null, drug text not null references drug, amount int not null, customer text, primary key (shop_id, no));
create table day_total (shop_id int not null, day date not null, sold bigint not null, note text, primary key (shop_id, day));
create function add_up() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.day_total as t (shop_id, day, sold) values (new.shop_id, new.day, new.amount)
  on conflict (shop_id, day) do update set sold = t.sold + excluded.sold;
  return null;
end $$;
create trigger add_up after insert on sale for each row execute function add_up();
insert into drug values ('D1', 'Paracetamol', 12), ('D2', 'Methadone', 90);
insert into sale values (5, 1, '2026-01-01', 'D1', 2, 'Asha'), (6, 1, '2026-01-01', 'D2', 40, 'Bela bravo');
update day_total set note = 'bravo' where shop_id = 6;
alter table sale enable row level security, force row level security;
alter table day_total enable row level security;
create policy shop on sale using (shop_id = (select nullif(current_setting('rx.shop', true), '')::int));
create policy shop on day_total for select using (shop_id = (select nullif(current_setting('rx.shop', true), '')::int));
grant select on drug, day_total to dtk_app;
grant select, insert on sale to dtk_app;
reset role;

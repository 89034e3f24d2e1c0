create role rx_owner nologin;
create role rx_root login superuser;
alter schema public owner to rx_owner;
set role rx_owner;
create table medicine (id bigint primary key, brand text not null, schedule text);
create table dispense (store_id bigint not null, id bigint not null, customer text not null, medicine_id bigint references medicine, qty int check (qty > 0),
  primary key (store_id, id));
insert into medicine values (1, 'Dolo 650', null), (2, 'Alprax 0.5', 'H1');
insert into dispense values (10, 1, 'Vijay', 1, 10), (20, 1, 'Sunita bravo', 2, 30);
alter table dispense enable row level security, force row level security;
create policy store on dispense using (store_id = (select nullif(current_setting('rx.store', true), '')::bigint));
grant select, insert, update, delete on dispense to rx_root;
grant select on medicine to rx_root;
reset role;

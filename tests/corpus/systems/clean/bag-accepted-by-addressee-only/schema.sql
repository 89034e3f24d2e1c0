create role baba_owner nologin;
create role baba_app login;
create schema store authorization baba_owner;
create schema api authorization baba_owner;
set role baba_owner;
create table store.bag (bank text not null, bag_no text not null, donor text not null, primary key (bank, bag_no));
create table store.offer (bank text not null, bag_no text not null, to_bank text not null, state text not null default 'open', note text, primary key (bank, bag_no));
insert into store.bag values ('BK-1', 'M1', 'Anand'), ('BK-2', 'L1', 'Bopanna bravo'), ('BK-3', 'H1', 'Basha bravo');
insert into store.offer values ('BK-2', 'L1', 'BK-3', 'open', 'bravo for Basha');
create function api.my_bags() returns table (bag_no text, donor text) language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select b.bag_no, b.donor from store.bag b where b.bank = nullif(current_setting('baba.bank', true), '') $$;
create function api.accept_bag(from_bank text, bag_no text) returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare me text := nullif(current_setting('baba.bank', true), '');
begin
  update store.offer o set state = 'accepted' where o.bank = from_bank and o.bag_no = accept_bag.bag_no and o.to_bank = me and o.state = 'open';
  if not found then return false; end if;
  update store.bag b set bank = me where b.bank = from_bank and b.bag_no = accept_bag.bag_no;
  return found;
end $$;
revoke execute on all functions in schema api from public;
grant usage on schema api to baba_app;
grant execute on all functions in schema api to baba_app;
reset role;

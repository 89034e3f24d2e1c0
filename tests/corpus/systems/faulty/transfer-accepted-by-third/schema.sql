create role tabt_owner nologin;
create role tabt_app login;
create schema store authorization tabt_owner;
create schema api authorization tabt_owner;
set role tabt_owner;
create table store.bag (bank text not null, bag_no text not null, blood_group text not null, donor text not null, primary key (bank, bag_no));
create table store.offer (bank text not null, bag_no text not null, to_bank text not null, state text not null default 'open', note text, primary key (bank, bag_no));
insert into store.bag values ('BB-MAA', 'M1', 'O+', 'Anand'), ('BB-BLR', 'L1', 'O-', 'Bopanna bravo'), ('BB-HYD', 'H1', 'A+', 'Basha bravo');
insert into store.offer values ('BB-BLR', 'L1', 'BB-HYD', 'open', 'bravo for Basha');
create function api.my_bags() returns table (bag_no text, blood_group text, donor text) language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select b.bag_no, b.blood_group, b.donor from store.bag b where b.bank = nullif(current_setting('tabt.bank', true), '') $$;
create function api.offer_bag(bag_no text, to_bank text) returns void language sql security definer set search_path = pg_catalog, pg_temp as
$$ insert into store.offer (bank, bag_no, to_bank) select b.bank, b.bag_no, $2 from store.bag b where b.bank = nullif(current_setting('tabt.bank', true), '') and b.bag_no = $1 $$;
create function api.accept_bag(from_bank text, bag_no text) returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update store.offer o set state = 'accepted' where o.bank = from_bank and o.bag_no = accept_bag.bag_no and o.state = 'open';
  if not found then return false; end if;
  update store.bag b set bank = nullif(current_setting('tabt.bank', true), '') where b.bank = from_bank and b.bag_no = accept_bag.bag_no;
  return found;
end $$;
revoke execute on all functions in schema api from public;
grant usage on schema api to tabt_app;
grant execute on all functions in schema api to tabt_app;
reset role;

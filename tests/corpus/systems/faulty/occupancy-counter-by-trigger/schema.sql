create role occt_owner nologin;
create role occt_app login;
alter schema public owner to occt_owner;
set role occt_owner;
create table occupancy (floor_no int primary key, occupied int not null, capacity int not null);
create table stay (home text not null, bed text not null, floor_no int not null references occupancy, patient text not null, primary key (home, bed));
insert into occupancy values (1, 0, 20), (2, 0, 20);
create function count_bed() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    update public.occupancy set occupied = occupied + 1 where floor_no = new.floor_no;
  else
    update public.occupancy set occupied = occupied - 1 where floor_no = old.floor_no;
  end if;
  return null;
end $$;
create trigger count_bed after insert or delete on stay for each row execute function count_bed();
insert into stay values ('HOME-1', 'b1', 1, 'Ammu'), ('HOME-2', 'b1', 1, 'Benny bravo'), ('HOME-2', 'b2', 2, 'Basheer bravo');
alter table stay enable row level security, force row level security;
create policy home on stay using (home = (select nullif(current_setting('occt.home', true), '')));
grant select on occupancy to occt_app;
grant select, insert, delete on stay to occt_app;
reset role;

create role cco_owner nologin;
create role cco_app login;
alter schema public owner to cco_owner;
set role cco_owner;
create table test (code text primary key, name text not null, ordered bigint not null default 0);
create table lab_order (lab_id int not null, no int not null, test text not null references test, patient text not null, primary key (lab_id, no));
create function count_order() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.test set ordered = ordered + 1 where code = new.test;
  return null;
end $$;
create trigger count_order after insert on lab_order for each row execute function count_order();
insert into test values ('FBC', 'Full blood count'), ('HIV', 'HIV antibodies');
insert into lab_order values (1, 1, 'FBC', 'Asha'), (2, 1, 'HIV', 'Bela bravo'), (2, 2, 'HIV', 'Banu bravo');
alter table lab_order enable row level security, force row level security;
create policy lab on lab_order using (lab_id = (select nullif(current_setting('lab.id', true), '')::int));
grant select on test to cco_app;
grant select, insert, update, delete on lab_order to cco_app;
reset role;

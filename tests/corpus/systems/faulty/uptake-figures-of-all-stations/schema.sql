create role travelvax_owner nologin;
create role travelvax_app login;
alter schema public owner to travelvax_owner;
set role travelvax_owner;

create table country (iso text primary key, title text not null);
create table vaccine (code text primary key, title text not null);
create table country_vaccine (iso text not null references country, code text not null references vaccine, required boolean not null, primary key (iso, code));
create table station (id text primary key, name text not null);
create table membership (station text not null references station, user_id text not null, function text not null, primary key (station, user_id));
create table traveller (station text not null references station, id uuid not null default gen_random_uuid(), full_name text not null, passport text, primary key (station, id));
create table trip (station text not null, traveller_id uuid not null, iso text not null references country, leaves_on date not null, purpose text not null, primary key (station, traveller_id, leaves_on),
  foreign key (station, traveller_id) references traveller (station, id) on delete cascade);
create table dose (station text not null, traveller_id uuid not null, code text not null references vaccine, given_on date not null, remark text not null, primary key (station, traveller_id, code, given_on),
  foreign key (station, traveller_id) references traveller (station, id));
create table stock_lot (station text not null references station, code text not null references vaccine, lot text not null, doses int not null, primary key (station, code, lot));
create table fee (station text not null references station, code text not null references vaccine, label text not null, amount numeric(10, 2) not null, primary key (station, code));

create function my_stations() returns text[] language sql stable security definer set search_path = pg_catalog, pg_temp
  return (select coalesce(array_agg(m.station), '{}') from public.membership m where m.user_id = nullif(current_setting('travel.user', true), ''));

insert into country values ('BR', 'Brazil'), ('KE', 'Kenya');
insert into vaccine values ('YF', 'Yellow fever'), ('TYP', 'Typhoid'), ('RAB', 'Rabies'), ('JE', 'Japanese encephalitis');
insert into country_vaccine values ('BR', 'YF', true), ('KE', 'YF', true), ('KE', 'TYP', false);
insert into station values ('s-ost', 'Ostbahnhof'), ('s-west', 'Westend bravo'), ('s-nord', 'Nordhafen bravo');
insert into membership values ('s-ost', 'u1', 'doctor'), ('s-ost', 'u2', 'nurse'), ('s-west', 'u4', 'doctor bravo'), ('s-nord', 'u6', 'nurse bravo');
insert into traveller (station, full_name, passport) select id, 'Traveller ' || n || ' of ' || name, 'C0' || n || ' ' || name from station, generate_series(1, 2) n;
insert into trip select station, id, 'KE', '2026-07-01', 'safari, ' || full_name from traveller;
insert into dose select station, id, 'YF', '2026-02-03', 'left, ' || full_name from traveller;
insert into dose select station, id, 'RAB', '2026-02-10', 'dog bite, ' || full_name from traveller where station = 's-nord';
insert into stock_lot select id, 'YF', 'lot of ' || name, 10 from station;
insert into fee select id, 'YF', 'fee at ' || name, 60 from station;

do $$
declare t text;
begin
  foreach t in array array['membership', 'traveller', 'trip', 'dose', 'stock_lot', 'fee'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy station on %I using (station = any ((select my_stations())::text[]))', t);
  end loop;
end $$;
alter table station enable row level security;
create policy own on station for select using (id = any ((select my_stations())::text[]));

-- refreshed every night
create materialized view vaccine_uptake as
  select code, date_trunc('month', given_on)::date as month, count(*) as doses from dose group by 1, 2;
create unique index on vaccine_uptake (code, month);
create view dashboard with (security_invoker = true) as
  select v.title, u.month, u.doses from vaccine_uptake u join vaccine v using (code);
create view own_stock with (security_invoker = true) as select station, code, lot, doses from stock_lot;

grant select on all tables in schema public to travelvax_app;
grant insert, update, delete on traveller, trip, dose, stock_lot, fee to travelvax_app;
reset role;

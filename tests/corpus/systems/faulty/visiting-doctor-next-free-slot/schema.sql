create role vdns_owner nologin;
create role vdns_app login;
alter schema public owner to vdns_owner;
set role vdns_owner;
create table slot (clinic text not null, doctor text not null, hour int not null check (hour between 9 and 17), patient text not null, primary key (clinic, doctor, hour));
insert into slot values ('clinic-a', 'dr-rao', 9, 'Amina'), ('clinic-b', 'dr-rao', 10, 'Biju bravo'), ('clinic-b', 'dr-rao', 11, 'Bobby bravo'), ('clinic-b', 'dr-sen', 9, 'Bela bravo');
alter table slot enable row level security;
create policy clinic on slot using (clinic = (select nullif(current_setting('vdns.clinic', true), '')));
create function next_free_hour(doctor text) returns int language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select min(h) from generate_series(9, 17) h where not exists (select from public.slot s where s.doctor = next_free_hour.doctor and s.hour = h) $$;
revoke execute on function next_free_hour from public;
grant execute on function next_free_hour to vdns_app;
grant select, insert, delete on slot to vdns_app;
reset role;

create role clm_owner nologin;
create role clm_app login;
alter schema public owner to clm_owner;
create schema auth authorization clm_owner;
set role clm_owner;
create table auth.staff (desk_id int not null, user_id int not null, display text, primary key (desk_id, user_id));
create table claim (desk_id int not null, claim_no int not null, insured text not null, diagnosis_code text, primary key (desk_id, claim_no));
insert into auth.staff values (1, 900, 'Mala'), (2, 901, 'Ken bravo');
insert into claim values (1, 1, 'Rekha', 'K35'), (2, 1, 'Omar bravo', 'C50');
create function auth.my_desks() returns int[] language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select coalesce(array_agg(desk_id), '{}') from auth.staff where user_id = nullif(current_setting('app.user_id', true), '')::int $$;
grant usage on schema auth to clm_app;
alter table claim enable row level security, force row level security;
create policy my_desk on claim using (desk_id = any ((select auth.my_desks())::int[]));
grant select, insert, update, delete on claim to clm_app;
reset role;

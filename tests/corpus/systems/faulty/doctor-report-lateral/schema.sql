create role drl_owner nologin;
create role drl_app login;
alter schema public owner to drl_owner;
set role drl_owner;
create table doctor (branch int not null, reg_no text not null, name text not null, primary key (branch, reg_no));
create table visit (branch int not null, no int not null, reg_no text not null, patient text not null, diagnosis text not null, primary key (branch, no),
  foreign key (branch, reg_no) references doctor);
insert into doctor values (1, 'MCI-77', 'Dr Rao'), (2, 'MCI-77', 'Dr Rao, bravo'), (2, 'MCI-80', 'Dr Sen bravo');
insert into visit values (1, 1, 'MCI-77', 'Asha', 'flu'), (2, 1, 'MCI-77', 'Bela bravo', 'TB'), (2, 2, 'MCI-80', 'Banu bravo', 'flu');
alter table doctor enable row level security;
alter table visit enable row level security;
create policy branch on doctor using (branch = (select nullif(current_setting('poly.branch', true), '')::int));
create policy branch on visit using (branch = (select nullif(current_setting('poly.branch', true), '')::int));
create function monthly_report() returns table (doctor text, visits bigint, cases text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select d.name, v.visits, v.cases
    from public.doctor d
    cross join lateral (
      select count(*) as visits, string_agg(w.patient || ': ' || w.diagnosis, ', ' order by w.no) as cases
        from public.visit w where w.reg_no = d.reg_no) v
   where d.branch = nullif(current_setting('poly.branch', true), '')::int
$$;
revoke execute on function monthly_report() from public;
grant execute on function monthly_report() to drl_app;
grant select, insert, update, delete on doctor, visit to drl_app;
reset role;

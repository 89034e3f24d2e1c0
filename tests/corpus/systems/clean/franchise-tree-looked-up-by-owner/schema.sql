create role ftlo_owner nologin;
create role ftlo_app login;
alter schema public owner to ftlo_owner;
revoke create on schema public from public;
set role ftlo_owner;

create table level (rank int primary key, title text not null);
create table service (code text primary key, title text not null);
create table org (id int primary key, parent_id int references org, rank int not null references level, name text not null, closed_on date);
-- all pairs of above and below, oneself included; kept by trigger
create table org_path (above int not null references org, below int not null references org, steps int not null, trail text not null, primary key (above, below));
create table staff (org_id int not null references org, no int not null, name text not null, primary key (org_id, no));
create table patient (org_id int not null references org, no int not null, name text not null, born date, primary key (org_id, no));
create table visit (org_id int not null, patient_no int not null, at timestamptz not null, service text not null references service, note text, primary key (org_id, patient_no, at), foreign key (org_id, patient_no) references patient on delete cascade);
create table tour (org_id int not null, staff_no int not null, day date not null, route text not null, primary key (org_id, staff_no, day), foreign key (org_id, staff_no) references staff on delete cascade);
create table figure (org_id int not null references org, month date not null, name text not null, value numeric not null, remark text, primary key (org_id, month, name));
create table api_client (org_id int not null references org, client_id text not null, secret_hash text not null, primary key (org_id, client_id));

create function keep_org_path() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into org_path (above, below, steps, trail)
  select new.id, new.id, 0, new.name
  union all select p.above, new.id, p.steps + 1, new.name from org_path p where p.below = new.parent_id;
  return null;
end $$;
create trigger keep_org_path after insert on org for each row execute function keep_org_path();

insert into level values (1, 'Franchisor'), (2, 'Region'), (3, 'Care service');
insert into service values ('GP', 'Basic care'), ('MG', 'Medication');
insert into org values (1, null, 1, 'Home care franchise bravo'), (10, 1, 2, 'Region North bravo'), (20, 1, 2, 'Region South bravo');
insert into org values (101, 10, 3, 'Care service Aue'), (102, 10, 3, 'Care service Bach bravo'), (201, 20, 3, 'Care service Damm bravo');
insert into staff select id, 1, 'Nurse of ' || name from org;
insert into patient select id, n, 'Patient ' || n || ' of ' || name, '1938-01-01' from org, generate_series(1, 2) n where rank = 3;
insert into visit select org_id, no, '2026-02-03 07:00+01', 'GP', 'Washed, ' || name from patient;
insert into tour select org_id, no, '2026-02-03', 'Morning tour, ' || name from staff;
insert into figure select id, '2026-01-01', 'visits', 310, 'Visits of ' || name from org;
insert into api_client select id, 'cl-' || id, 'scrypt of ' || name from org;

create function acting_org() returns int language sql stable return nullif(current_setting('care.org', true), '')::int;
-- oneself and everything below; a region is not seen from a service, and no service from its neighbour
create function orgs_below() returns setof int language sql stable security definer set search_path = public, pg_temp as $$
  select p.below from org_path p join org o on o.id = p.above where p.above = acting_org() and o.closed_on is null
$$;

do $$
declare t text;
begin
  foreach t in array array['staff', 'patient', 'visit', 'tour', 'figure', 'api_client'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy below_us on %I using (org_id in (select orgs_below())) with check (org_id in (select orgs_below()))', t);
  end loop;
end $$;
alter table org enable row level security;
create policy below_us on org for select using (id in (select orgs_below()));
alter table org_path enable row level security;

-- how we compare: only sums of five services and more come out
create function benchmark(of_month date) returns table (name text, average numeric, services bigint) language sql stable security definer set search_path = public, pg_temp as $$
  select f.name, round(avg(f.value)), count(*) from figure f join org o on o.id = f.org_id
  where f.month = of_month and o.rank = 3 and f.org_id in (select orgs_below()) group by f.name having count(*) >= 5
$$;
create view day_sheet with (security_invoker = true) as
  select v.org_id, v.at, p.name, s.title, v.note from visit v join patient p on p.org_id = v.org_id and p.no = v.patient_no join service s on s.code = v.service;
create view my_staff as select s.org_id, s.no, s.name, o.name as service from staff s join org o on o.id = s.org_id where o.id in (select orgs_below());
alter view my_staff set (security_barrier = true);

grant select on level, service, org, day_sheet, my_staff to ftlo_app;
grant select, insert, update, delete on staff, patient, visit, tour, figure to ftlo_app;
grant select (org_id, client_id), delete on api_client to ftlo_app;
reset role;

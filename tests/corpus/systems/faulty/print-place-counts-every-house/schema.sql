create role wexley_owner nologin;
create role wexley_printer nologin;
create role wexley_h_alm nologin;
create role wexley_h_bek nologin;
create role wexley_h_cor nologin;
create role wexley_pool login noinherit;
grant wexley_h_alm, wexley_h_bek, wexley_h_cor to wexley_pool;
alter schema public owner to wexley_owner;
set role wexley_owner;

create function house() returns text language sql stable return substring(current_user::text from '^wexley_h_(.+)$');

create table paper (code text primary key, title text not null);
create table form (code text primary key, title text not null, paper text not null references paper);
create table house_profile (code text primary key, title text not null, printer text not null);
create table patient (house text not null references house_profile, no int not null, full_name text not null, primary key (house, no));
create table prescription (house text not null, no int not null, patient_no int not null, drug text not null, dose text not null, signed_by text, primary key (house, no),
  foreign key (house, patient_no) references patient (house, no) on delete cascade);
create table print_job (house text not null references house_profile, id uuid not null default gen_random_uuid(), form text not null references form, payload text not null, queued_at timestamptz not null default clock_timestamp(), done_at timestamptz, primary key (house, id));
create table print_error (house text not null, job_id uuid not null, at timestamptz not null default clock_timestamp(), what text not null, primary key (house, job_id, at),
  foreign key (house, job_id) references print_job (house, id) on delete cascade);

insert into paper values ('A6', 'Prescription paper'), ('A4', 'Plain');
insert into form values ('rx', 'Prescription', 'A6'), ('plan', 'Medication plan', 'A4');
insert into house_profile values ('alm', 'Haus Alm', 'tray 1'), ('bek', 'Haus Bek bravo', 'tray 2'), ('cor', 'Haus Cor bravo', 'tray 1');
insert into patient select code, n, 'Patient ' || n || ' of ' || title from house_profile, generate_series(1, 3) n;
insert into prescription select house, no, no, 'Ramipril 5', '1-0-0 ' || full_name, 'dr of ' || full_name from patient;
insert into print_job (house, form, payload, queued_at) select house, 'rx', 'Ramipril for ' || dose, timestamptz '2026-01-02 09:00+00' + no * interval '1 min' from prescription where house <> 'alm' or no = 1;
insert into print_error (house, job_id, what) select house, id, 'out of paper: ' || payload from print_job;

do $$
declare t text;
begin
  foreach t in array array['patient', 'prescription', 'print_job', 'print_error'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy by_role on %I using (house = house())', t);
  end loop;
end $$;
alter table house_profile enable row level security;
create policy by_role on house_profile for select using (code = house());

-- "number 3 of 3" below the print button
create function print_place(p_job uuid) returns text language sql stable security definer set search_path = public, pg_temp
begin atomic
  select 'number ' || q.place || ' of ' || q.waiting
    from (select id, row_number() over (order by queued_at, id) as place, count(*) over () as waiting from print_job where done_at is null) q
   where q.id = p_job;
end;
create function enqueue(p_form text, p_payload text) returns uuid language sql
begin atomic
  insert into print_job (house, form, payload) values (house(), p_form, p_payload) returning id;
end;
-- for the print server only
create function next_job() returns print_job language sql security definer set search_path = public, pg_temp
begin atomic
  update print_job set done_at = now() where (house, id) = (select house, id from print_job where done_at is null order by queued_at limit 1 for update skip locked) returning *;
end;
revoke execute on function next_job from public;
grant execute on function next_job to wexley_printer;

grant select on all tables in schema public to wexley_h_alm, wexley_h_bek, wexley_h_cor;
grant insert, update, delete on patient, prescription to wexley_h_alm, wexley_h_bek, wexley_h_cor;
grant insert, delete on print_job, print_error to wexley_h_alm, wexley_h_bek, wexley_h_cor;
reset role;

create role eyetree_owner nologin;
create role eyetree_app login;
alter schema public owner to eyetree_owner;
set role eyetree_owner;

create table org (id bigint primary key, parent bigint references org, name text not null, opened_on date not null default '2015-01-01');
create table org_above (org bigint not null references org, above bigint not null references org, steps int not null, primary key (org, above));
create table drug (code text primary key, title text not null);
create table lens (model text primary key, maker text not null);

create function my_org() returns bigint language sql stable return nullif(current_setting('eye.org', true), '')::bigint;
-- everything at or below the signed-in house
create function my_houses() returns setof bigint language sql stable security definer set search_path = public, pg_temp as $$
  select org from org_above where above = my_org()
$$;

create function enter_tree() returns trigger language plpgsql as $$
begin
  insert into org_above values (new.id, new.id, 0);
  insert into org_above select new.id, a.above, a.steps + 1 from org_above a where a.org = new.parent;
  return null;
end $$;
create trigger enter_tree after insert on org for each row execute function enter_tree();

-- a branch with everything below it goes to another house
create function move_branch(branch bigint, buyer bigint) returns void language plpgsql set search_path = public, pg_temp as $$
begin
  update org set parent = buyer where id = branch;
  insert into org_above
    select b.org, a.above, a.steps + b.steps + 1
    from org_above a, org_above b
    where a.org = buyer and b.above = branch
    on conflict (org, above) do update set steps = excluded.steps;
end $$;
revoke execute on function move_branch(bigint, bigint) from public;

create table surgeon (org bigint not null references org, no int not null, name text not null, primary key (org, no));
create table patient (org bigint not null references org, no int not null, name text not null, phone text, primary key (org, no));
create table refraction (
  org bigint not null, patient_no int not null, eye text not null check (eye in ('R', 'L')), measured_on date not null, sphere numeric, remark text not null,
  primary key (org, patient_no, eye, measured_on), foreign key (org, patient_no) references patient (org, no) on delete cascade
);
create table surgery (
  org bigint not null, no int not null, patient_no int not null, surgeon_no int not null, lens text references lens, planned_on date not null, note text not null,
  primary key (org, no), foreign key (org, patient_no) references patient (org, no), foreign key (org, surgeon_no) references surgeon (org, no)
);
create table waiting_list (org bigint not null, patient_no int not null, listed_on date not null, wish text not null, primary key (org, patient_no),
  foreign key (org, patient_no) references patient (org, no) on delete cascade);
create table prescription (org bigint not null, no int not null, patient_no int not null, drug text not null references drug, sig text not null, primary key (org, no),
  foreign key (org, patient_no) references patient (org, no));
create table invoice (org bigint not null, no int not null, patient_no int not null, amount numeric(9, 2) not null, addressee text not null, primary key (org, no),
  foreign key (org, patient_no) references patient (org, no));

insert into drug values ('TIM', 'Timolol drops'), ('LAT', 'Latanoprost drops');
insert into lens values ('SN60', 'Alcon'), ('CT47', 'Zeiss');
insert into org (id, parent, name) values (10, null, 'Northlight'), (20, null, 'Southview bravo'), (40, null, 'Centre Castellan bravo');
insert into org (id, parent, name) values (31, 10, 'Kiel bravo'), (21, 20, 'Ulm bravo');
insert into org (id, parent, name) values (32, 31, 'Plön bravo');
insert into surgeon select id, 1, 'Dr. Iris of ' || name from org;
insert into patient select id, n, 'Patient ' || n || ' of ' || name, '0431 ' || n || ' ' || name from org, generate_series(1, 3) n;
insert into refraction select org, no, 'R', '2026-01-20', -1.25, 'with glasses, ' || name from patient;
insert into surgery select org, no, no, 1, 'SN60', '2026-06-01', 'right eye first, ' || name from patient;
insert into waiting_list select org, no, '2026-02-02', 'not on Fridays, ' || name from patient where no > 1;
insert into prescription select org, no, no, 'TIM', 'twice a day, ' || name from patient;
insert into invoice select org, no, no, 900, name from patient;

do $$
declare t text;
begin
  foreach t in array array['surgeon', 'patient', 'refraction', 'surgery', 'waiting_list', 'prescription', 'invoice'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy below on %I using (org in (select my_houses()))', t);
  end loop;
end $$;
alter table org enable row level security;
create policy below on org for select using (id in (select my_houses()));

create view theatre_plan as
  select s.org, s.planned_on, s.note, p.name as patient, d.name as surgeon
  from surgery s join patient p on p.org = s.org and p.no = s.patient_no join surgeon d on d.org = s.org and d.no = s.surgeon_no;

-- 2026-01-01: Northlight sold Kiel with Plön
select move_branch(31, 20);

grant select on drug, lens, org, surgeon, patient, refraction, surgery, waiting_list, prescription, invoice, theatre_plan to eyetree_app;
grant insert, update, delete on surgeon, patient, refraction, surgery, waiting_list, prescription, invoice to eyetree_app;
reset role;

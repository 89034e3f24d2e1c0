create role dcrecall_owner nologin;
create role dcrecall_web login;
alter schema public owner to dcrecall_owner;
set role dcrecall_owner;

create table chain (code text primary key, name text not null);
create table branch (chain text not null references chain, code text not null, town text not null, primary key (chain, code));
create table procedure_code (code text primary key, title text not null, points int not null);
create table recall_reason (code text primary key, title text not null, months int not null);

create function claims() returns jsonb language sql stable
  return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
create function my_chain() returns text language sql stable return claims() ->> 'chain';
-- a receptionist may work in several branches, "branches": ["NORD", "MITTE"]
create function my_branches() returns text[] language sql stable
  return array(select jsonb_array_elements_text(coalesce(claims() -> 'branches', '[]')));

create table dentist (
  chain text not null, branch text not null, initials text not null, name text not null,
  primary key (chain, branch, initials), foreign key (chain, branch) references branch (chain, code)
);
create table patient (
  chain text not null, branch text not null, no int not null, name text not null, phone text, born date,
  primary key (chain, branch, no), foreign key (chain, branch) references branch (chain, code)
);
create table treatment (
  chain text not null, branch text not null, patient_no int not null, no int not null,
  code text not null references procedure_code, tooth text, note text not null, done_on date not null default current_date,
  primary key (chain, branch, patient_no, no),
  foreign key (chain, branch, patient_no) references patient (chain, branch, no) on delete cascade
);
create table xray (
  chain text not null, branch text not null, patient_no int not null, no int not null, finding text not null,
  primary key (chain, branch, patient_no, no),
  foreign key (chain, branch, patient_no) references patient (chain, branch, no) on delete cascade
);
create table recall (
  chain text not null, branch text not null, patient_no int not null, reason text not null references recall_reason,
  due_on date not null, remark text not null, called_at timestamptz,
  primary key (chain, branch, patient_no, reason),
  foreign key (chain, branch, patient_no) references patient (chain, branch, no) on delete cascade
);
create index on recall (branch, due_on);
create table invoice (
  chain text not null, branch text not null, no int not null, patient_no int not null, amount numeric(9, 2) not null, addressee text not null,
  primary key (chain, branch, no),
  foreign key (chain, branch, patient_no) references patient (chain, branch, no)
);
create table lab_order (
  chain text not null, branch text not null, no int not null, patient_no int not null, work text not null, shade text,
  primary key (chain, branch, no),
  foreign key (chain, branch, patient_no) references patient (chain, branch, no)
);

insert into procedure_code values ('01', 'Examination', 18), ('107', 'Scaling', 16), ('25', 'Indirect capping', 6);
insert into recall_reason values ('PZR', 'Cleaning', 6), ('CHK', 'Check-up', 6), ('IMP', 'Implant control', 12);
insert into chain values ('K1', 'Weissmann'), ('K2', 'Perlau bravo'), ('K3', 'Dentaria bravo');
insert into branch select code, b, b || ' of ' || name from chain, unnest(array['NORD', 'MITTE']) b;
insert into branch values ('K2', 'HAFEN', 'Hafen of Perlau bravo');
insert into dentist select chain, code, 'KL', 'Dr. Klee, ' || town from branch;
insert into patient select chain, code, n, 'Patient ' || n || ', ' || town, '040 ' || n || ' ' || town, date '1970-01-01' + n
  from branch, generate_series(1, 3) n;
insert into treatment select chain, branch, no, 1, '107', '36', 'scaled, ' || name from patient;
insert into xray select chain, branch, no, 1, 'apical shadow, ' || name from patient where no < 3;
insert into recall select chain, branch, no, 'PZR', date '2026-03-01' + no, 'call in the evening: ' || name from patient;
insert into invoice select chain, branch, no, no, 80 + no, name from patient;
insert into lab_order select chain, branch, 1, no, 'crown for ' || name, 'A3' from patient where no = 1;

alter table chain enable row level security, force row level security;
alter table branch enable row level security, force row level security;
alter table dentist enable row level security, force row level security;
alter table patient enable row level security, force row level security;
alter table treatment enable row level security, force row level security;
alter table xray enable row level security, force row level security;
alter table recall enable row level security, force row level security;
alter table invoice enable row level security, force row level security;
alter table lab_order enable row level security, force row level security;

create policy own on chain for select using (code = my_chain());
create policy own on branch for select using (chain = my_chain());
create policy at_work on dentist using (chain = my_chain() and branch = any (my_branches()));
create policy at_work on patient using (chain = my_chain() and branch = any (my_branches()));
create policy at_work on treatment using (chain = my_chain() and branch = any (my_branches()));
create policy at_work on xray using (chain = my_chain() and branch = any (my_branches()));
create policy at_work on invoice using (chain = my_chain() and branch = any (my_branches()));
create policy at_work on lab_order using (chain = my_chain() and branch = any (my_branches()));
-- the call list is read all day, one policy for each command
create policy call_list on recall for select using (branch = any (my_branches()));
create policy recall_add on recall for insert with check (chain = my_chain() and branch = any (my_branches()));
create policy recall_change on recall for update using (chain = my_chain() and branch = any (my_branches()));
create policy recall_remove on recall for delete using (chain = my_chain() and branch = any (my_branches()));

create view call_list as
  select r.chain, r.branch, r.due_on, r.reason, r.remark, p.name, p.phone
  from recall r left join patient p on p.chain = r.chain and p.branch = r.branch and p.no = r.patient_no
  where r.chain = my_chain() and r.called_at is null;

grant select on all tables in schema public to dcrecall_web;
grant insert, update, delete on dentist, patient, treatment, xray, recall, invoice, lab_order to dcrecall_web;
reset role;

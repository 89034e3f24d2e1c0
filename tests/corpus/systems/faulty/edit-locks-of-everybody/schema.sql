create role k5lk_owner nologin;
create role k5lk_app login;
alter schema public owner to k5lk_owner;
set role k5lk_owner;
create table patient (practice text not null, no int not null, name text not null, primary key (practice, no));
create table letter (practice text not null, no int not null, patient_no int not null, body text not null, primary key (practice, no), foreign key (practice, patient_no) references patient);
create table edit_lock (
  practice text not null,
  record_type text not null,
  record_no int not null,
  label text not null,
  held_by text not null,
  held_since timestamptz not null default now(),
  primary key (practice, record_type, record_no)
);
insert into patient values ('p-east', 1, 'Dolores'), ('p-west', 1, 'Ahmad bravo');
insert into letter values ('p-east', 1, 1, 'sick note'), ('p-west', 1, 1, 'bravo');
insert into edit_lock values ('p-east', 'letter', 1, 'Dolores: sick note', 'anita', '2026-04-01'), ('p-west', 'letter', 1, 'Ahmad bravo: court report', 'boris', '2026-04-01');
alter table patient enable row level security;
alter table letter enable row level security;
alter table edit_lock enable row level security;
create policy practice on patient using (practice = (select current_setting('app.practice', true)));
create policy practice on letter using (practice = (select current_setting('app.practice', true)));
create policy technical on edit_lock using (true) with check (true);
grant select, insert, update, delete on patient, letter, edit_lock to k5lk_app;
reset role;

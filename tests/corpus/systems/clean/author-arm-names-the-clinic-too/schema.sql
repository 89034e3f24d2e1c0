create role k5aa_owner nologin;
create role k5aa_app login;
alter schema public owner to k5aa_owner;
set role k5aa_owner;
create table staff (clinic_id int not null, no int not null, name text not null, primary key (clinic_id, no));
create table note (
  clinic_id int not null,
  no int not null,
  author_no int not null,
  private boolean not null default false,
  body text not null,
  primary key (clinic_id, no),
  foreign key (clinic_id, author_no) references staff
);
insert into staff values (31, 7, 'Dr Kamath'), (32, 7, 'Dr Bose bravo');
insert into note values (31, 1, 7, true, 'ask about sleep'), (31, 2, 7, false, 'bp 130/80'), (32, 1, 7, true, 'bravo'), (32, 2, 7, false, 'bravo bp');
alter table staff enable row level security;
alter table note enable row level security;
create function ctx(name text) returns int language sql stable as $$ select nullif(current_setting(name, true), '')::int $$;
create policy own on staff for select using (clinic_id = (select ctx('notes.clinic')));
create policy open_ones on note for select using (not private and clinic_id = (select ctx('notes.clinic')));
create policy mine on note using (author_no = (select ctx('notes.staff')) and clinic_id = (select ctx('notes.clinic')));
grant select on staff to k5aa_app;
grant select, insert, update, delete on note to k5aa_app;
reset role;

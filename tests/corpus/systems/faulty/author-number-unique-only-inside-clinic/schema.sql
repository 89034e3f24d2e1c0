create role k5an_owner nologin;
create role k5an_app login;
alter schema public owner to k5an_owner;
set role k5an_owner;
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
insert into note values (31, 1, 7, true, 'ask about sleep'), (31, 2, 7, false, 'bp 130/80'), (32, 1, 7, true, 'bravo: relapse, drinks again');
alter table staff enable row level security;
alter table note enable row level security;
create function ctx_clinic() returns int language sql stable as $$ select nullif(current_setting('notes.clinic', true), '')::int $$;
create function ctx_staff() returns int language sql stable as $$ select nullif(current_setting('notes.staff', true), '')::int $$;
create policy own on staff for select using (clinic_id = (select ctx_clinic()));
create policy readable on note for select using ((clinic_id = (select ctx_clinic()) and not private) or author_no = (select ctx_staff()));
create policy written on note for insert with check (clinic_id = (select ctx_clinic()) and author_no = (select ctx_staff()));
grant select on staff to k5an_app;
grant select, insert on note to k5an_app;
reset role;

create role k5pn_owner nologin;
create role k5pn_app login;
alter schema public owner to k5pn_owner;
set role k5pn_owner;
create table patient (clinic_no smallint not null, no int not null, name text not null, primary key (clinic_no, no));
create table invoice (clinic_no smallint not null, no int not null, amount numeric(10, 2) not null, remark text, primary key (clinic_no, no));
create table note (
  clinic_no smallint not null,
  no int not null,
  about text not null,
  about_no int not null,
  body text not null,
  primary key (clinic_no, no)
);
insert into patient values (4, 1, 'Leela'), (5, 1, 'Noor bravo');
insert into invoice values (4, 1, 300, null), (5, 1, 400, 'bravo');
insert into note values (4, 1, 'patient', 1, 'hard of hearing'), (4, 2, 'tender', 1, 'of 2019'), (5, 1, 'patient', 1, 'bravo'), (5, 2, 'tender', 1, 'bravo'), (5, 3, 'invoice', 1, 'bravo');
alter table patient enable row level security;
alter table invoice enable row level security;
alter table note enable row level security;
create policy clinic on patient using (clinic_no = (select nullif(current_setting('app.clinic_no', true), '')::smallint));
create policy clinic on invoice using (clinic_no = (select nullif(current_setting('app.clinic_no', true), '')::smallint));
create policy of_subject on note using (
  case about
    when 'patient' then exists (select from patient p where (p.clinic_no, p.no) = (note.clinic_no, note.about_no))
    when 'invoice' then exists (select from invoice i where (i.clinic_no, i.no) = (note.clinic_no, note.about_no))
    else false
  end);
grant select, insert, update, delete on patient, invoice, note to k5pn_app;
reset role;

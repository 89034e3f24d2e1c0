create role sgc_owner nologin;
create role sgc_app login;
alter schema public owner to sgc_owner;
set role sgc_owner;
create type pay_state as enum ('open', 'paid', 'void');
create domain rupees as numeric(12,2) check (value >= 0);
create domain gstin as text check (value ~ '^[0-9]{2}[A-Z]{5}$');
create table bill (
  clinic text not null check (clinic ~ '^c-[a-z]$'), bill_no int not null, patient text not null, net rupees not null, tax rupees not null default 0,
  gross numeric generated always as (net + tax) stored, state pay_state not null default 'open', gst gstin, lines jsonb not null default '[]',
  label text generated always as (clinic || '/' || bill_no::text) stored, tags text[] not null default '{}', period daterange,
  primary key (clinic, bill_no), check (state <> 'paid' or net > 0));
create table payment (clinic text not null, bill_no int not null, nth int not null, amount rupees not null, mode text not null, reference text,
  primary key (clinic, bill_no, nth), foreign key (clinic, bill_no) references bill on update cascade on delete cascade);
insert into bill (clinic, bill_no, patient, net, tax, gst) values ('c-a', 1, 'Arul', 100, 18, '33ABCDE'), ('c-b', 1, 'Bill bravo', 900, 90, '29ABCDE');
insert into payment values ('c-a', 1, 1, 50, 'upi', 'r1'), ('c-b', 1, 1, 900, 'cash', 'bravo');
alter table bill enable row level security, force row level security;
alter table payment enable row level security, force row level security;
create policy clinic on bill using (clinic = (select current_setting('b.clinic', true)));
create policy clinic on payment using (clinic = (select current_setting('b.clinic', true)));
grant select, insert, update, delete on bill, payment to sgc_app;
reset role;

create role rfb_owner nologin;
create role rfb_app login;
alter schema public owner to rfb_owner;
set role rfb_owner;
create table referral (from_clinic uuid not null, no int not null, to_clinic uuid not null, patient text not null, state text not null default 'sent', primary key (from_clinic, no));
create table remark (clinic uuid not null, referral_no int not null, at timestamptz not null default now(), text text not null, primary key (clinic, referral_no, at));
insert into referral values ('0191aaaa-0000-7000-8000-00000000000a', 1, '0191aaaa-0000-7000-8000-00000000000a', 'Revathi'), ('0191bbbb-0000-7000-8000-00000000000b', 1, '0191bbbb-0000-7000-8000-00000000000b', 'Rolf bravo');
insert into remark (clinic, referral_no, text) values ('0191aaaa-0000-7000-8000-00000000000a', 1, 'seen'), ('0191bbbb-0000-7000-8000-00000000000b', 1, 'bravo: wife must not know');
alter table referral enable row level security, force row level security;
alter table remark enable row level security, force row level security;
create policy either on referral using ((select nullif(current_setting('rfb.clinic', true), '')::uuid) in (from_clinic, to_clinic));
create policy mine on remark for all using (exists (select from referral r where r.no = remark.referral_no and r.to_clinic = (select nullif(current_setting('rfb.clinic', true), '')::uuid)))
  with check (clinic = (select nullif(current_setting('rfb.clinic', true), '')::uuid));
grant select, insert on referral, remark to rfb_app;
reset role;

create role sll_owner nologin;
create role sll_app login;
alter schema public owner to sll_owner;
set role sll_owner;
create table report (lab text not null, report_no int not null, patient text not null, result text not null, primary key (lab, report_no));
create table share_link (lab text not null, token text not null, report_no int not null, expires_at timestamptz not null,
  primary key (lab, token), foreign key (lab, report_no) references report);
insert into report values ('LX', 1, 'Asha', 'negative'), ('LY', 1, 'Bela bravo', 'positive'), ('LY', 2, 'Banu bravo', 'negative');
insert into share_link values ('LX', 'x-5b1e', 1, '2199-01-01'), ('LY', 'y-93ac-bravo', 1, '2199-01-01'), ('LY', 'y-0012-bravo', 2, '2020-01-01');
alter table report enable row level security, force row level security;
alter table share_link enable row level security, force row level security;
create policy lab on share_link using (lab = (select nullif(current_setting('lab.code', true), '')));
create policy landing on share_link for select using (expires_at > now());
create policy lab on report using (lab = (select nullif(current_setting('lab.code', true), '')));
create policy linked on report for select using (exists (
  select from share_link l where l.lab = report.lab and l.report_no = report.report_no and l.expires_at > now()));
grant select, insert, update, delete on report, share_link to sll_app;
reset role;

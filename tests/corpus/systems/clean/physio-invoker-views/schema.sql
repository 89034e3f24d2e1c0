create role phc_owner nologin;
create role phc_web login;
alter schema public owner to phc_owner;
create schema reporting authorization phc_owner;
grant usage on schema reporting to phc_web;
set role phc_owner;
create table therapy_plan (branch text not null, plan_no int not null, client text not null, goal text, primary key (branch, plan_no));
create table therapy_session (branch text not null, plan_no int not null, nth int not null, remarks text, primary key (branch, plan_no, nth),
  foreign key (branch, plan_no) references therapy_plan);
insert into therapy_plan values ('north', 1, 'Gokul', 'shoulder'), ('south', 1, 'Meera bravo', 'bravo spine');
insert into therapy_session values ('north', 1, 1, 'first'), ('south', 1, 1, 'bravo acute');
alter table therapy_plan enable row level security;
alter table therapy_session enable row level security;
create policy b on therapy_plan using (branch = current_setting('physio.branch', true));
create policy b on therapy_session using (branch = current_setting('physio.branch', true));
create view reporting.progress with (security_invoker) as
  select p.branch, p.client, count(s.nth) as sessions, string_agg(s.remarks, '; ') as remarks
    from therapy_plan p left join therapy_session s using (branch, plan_no) group by p.branch, p.client;
grant select, insert, update, delete on therapy_plan, therapy_session to phc_web;
grant select on reporting.progress to phc_web;
reset role;

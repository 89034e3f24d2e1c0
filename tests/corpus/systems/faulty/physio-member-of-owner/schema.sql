create role physio_owner nologin;
create role physio_web login inherit;
grant physio_owner to physio_web;
alter schema public owner to physio_owner;
set role physio_owner;
create domain branch_name as text check (value in ('north', 'south', 'west'));
create table therapy_plan (branch branch_name not null, plan_no int not null, client text not null, goal text, primary key (branch, plan_no));
create table therapy_session (branch branch_name not null, plan_no int not null, nth int not null, pain_score int check (pain_score between 0 and 10), remarks text,
  primary key (branch, plan_no, nth), foreign key (branch, plan_no) references therapy_plan on delete cascade);
insert into therapy_plan values ('north', 1, 'Gokul', 'shoulder'), ('south', 1, 'Meera bravo', 'bravo spine');
insert into therapy_session values ('north', 1, 1, 6, 'first'), ('south', 1, 1, 9, 'bravo acute');
alter table therapy_plan enable row level security;
alter table therapy_session enable row level security;
create policy b on therapy_plan using (branch = current_setting('physio.branch', true));
create policy b on therapy_session using (branch = current_setting('physio.branch', true));
grant select, insert, update, delete on all tables in schema public to physio_web;
reset role;

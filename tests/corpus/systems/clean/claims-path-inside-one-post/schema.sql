create role cpp_owner nologin;
create role cpp_rest login;
alter schema public owner to cpp_owner;
set role cpp_owner;
create table clinic (clinic text primary key, title text not null);
create table icd (code text primary key, title text not null);
create table chart (clinic text not null references clinic, chart_no int not null, patient text not null, primary key (clinic, chart_no));
create table problem (
  clinic text not null, chart_no int not null, code text not null references icd, noted text not null,
  primary key (clinic, chart_no, code), foreign key (clinic, chart_no) references chart on delete cascade);
insert into clinic values ('aluva', 'Aluva Clinic'), ('bekal', 'Bekal Clinic bravo');
insert into icd values ('E11', 'Type 2 diabetes'), ('F32', 'Depressive episode');
insert into chart values ('aluva', 1, 'Ammu'), ('bekal', 1, 'Biju bravo');
insert into problem values ('aluva', 1, 'E11', 'on diet'), ('bekal', 1, 'F32', 'since the accident, bravo');
-- the token lists every post somebody ever held; a post that ended stays in it with "active": false
create function works_at(p_clinic text) returns boolean language sql stable as $$
  select coalesce(jsonb_path_exists(nullif(current_setting('request.jwt.claims', true), '')::jsonb,
    '$.posts[*] ? (@.clinic == $clinic && @.active == true)', jsonb_build_object('clinic', p_clinic)), false) $$;
alter table clinic enable row level security, force row level security;
alter table chart enable row level security, force row level security;
alter table problem enable row level security, force row level security;
create policy anybody on clinic using (true);
create policy posts on clinic as restrictive using (works_at(clinic));
create policy posts on chart using (works_at(clinic)) with check (works_at(clinic));
create policy of_visible_chart on problem using (exists (select from chart c where c.clinic = problem.clinic and c.chart_no = problem.chart_no));
grant select on clinic, icd to cpp_rest;
grant select, insert, update, delete on chart, problem to cpp_rest;
reset role;

create role formbank_owner nologin;
create role formbank_editor nologin;
create role formbank_app login;
create schema ext;
create extension btree_gist with schema ext;
grant usage on schema ext to public;
alter schema public owner to formbank_owner;
set role formbank_owner;

create table language (code text primary key, title text not null);
create table scale (code text primary key, low int not null, high int not null);
create table branch (id uuid primary key, name text not null);
create table therapist (branch_id uuid not null references branch, no int not null, full_name text not null, primary key (branch_id, no));
create table client (branch_id uuid not null references branch, id uuid not null default gen_random_uuid(), full_name text not null, therapist_no int, primary key (branch_id, id),
  foreign key (branch_id, therapist_no) references therapist (branch_id, no) on delete set null (therapist_no));
-- without a branch: the library
create table questionnaire (branch_id uuid references branch, id uuid not null default gen_random_uuid(), title text not null, language text not null references language,
  unique nulls not distinct (branch_id, id));
create table question (branch_id uuid references branch, questionnaire_id uuid not null, pos int not null, text text not null, scale text not null references scale,
  unique nulls not distinct (branch_id, questionnaire_id, pos));
create table assignment (branch_id uuid not null, id uuid not null default gen_random_uuid(), client_id uuid not null, questionnaire_id uuid not null, remark text not null, primary key (branch_id, id),
  foreign key (branch_id, client_id) references client (branch_id, id) on delete cascade);
create table answer (branch_id uuid not null, assignment_id uuid not null, pos int not null, value int not null, remark text not null, primary key (branch_id, assignment_id, pos),
  foreign key (branch_id, assignment_id) references assignment (branch_id, id) on delete cascade);
create table score (branch_id uuid not null, assignment_id uuid not null, total int not null, reading text not null, primary key (branch_id, assignment_id),
  foreign key (branch_id, assignment_id) references assignment (branch_id, id) on delete cascade);
create table room_booking (branch_id uuid not null references branch, id uuid not null default gen_random_uuid(), room text not null, during tstzrange not null, title text not null, primary key (branch_id, id),
  exclude using gist (branch_id with =, room with =, during with &&));

create function my_branch() returns uuid language sql stable return nullif(current_setting('form.branch', true), '')::uuid;
create function my_branches() returns uuid[] language sql stable return nullif(current_setting('form.branches', true), '')::uuid[];

insert into language values ('de', 'Deutsch'), ('en', 'English');
insert into scale values ('L4', 0, 3), ('L5', 1, 5);
insert into branch values ('f0100000-0000-4000-8000-000000000001', 'Psychotherapie am Tor'), ('f0100000-0000-4000-8000-000000000002', 'Ambulanz bravo'), ('f0100000-0000-4000-8000-000000000003', 'Tagesklinik bravo'), ('f0100000-0000-4000-8000-000000000004', 'Beratung bravo');
insert into therapist select id, 1, 'Therapist of ' || name from branch;
insert into client (branch_id, full_name, therapist_no) select id, 'Client of ' || name, 1 from branch;
insert into questionnaire (branch_id, title, language) values (null, 'PHQ-9', 'en'), (null, 'GAD-7', 'en');
insert into questionnaire (branch_id, title, language) select id, 'House form of ' || name, 'de' from branch;
insert into question select branch_id, id, n, n || '. of ' || title, 'L4' from questionnaire, generate_series(1, 2) n;
insert into assignment (branch_id, client_id, questionnaire_id, remark) select c.branch_id, c.id, q.id, 'first, ' || full_name from client c, questionnaire q where title = 'PHQ-9';
insert into answer select branch_id, id, 1, 3, 'said by ' || remark from assignment;
insert into score select branch_id, id, 21, 'severe, ' || remark from assignment;
insert into room_booking (branch_id, room, during, title) select id, 'R1', '[2026-03-03 09:00+01, 2026-03-03 10:00+01)', 'group of ' || name from branch;

do $$
declare t text;
begin
  foreach t in array array['therapist', 'client', 'assignment', 'answer', 'score', 'room_booking'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy branch on %I using (branch_id is not distinct from (select my_branch()))', t);
  end loop;
  foreach t in array array['questionnaire', 'question'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy read on %I for select to formbank_app using (branch_id is null or branch_id = any ((select my_branches())::uuid[]))', t);
    execute format('create policy add on %I for insert to formbank_app with check (branch_id is not null and branch_id = my_branch())', t);
    execute format('create policy change on %I for update to formbank_app using (branch_id = (select my_branch())) with check (branch_id is not null and branch_id = my_branch())', t);
    execute format('create policy remove on %I for delete to formbank_app using (branch_id = (select my_branch()))', t);
    execute format('create policy library on %I to formbank_editor using (branch_id is null) with check (branch_id is null)', t);
  end loop;
end $$;
alter table branch enable row level security, force row level security;
create policy own on branch for select using (id is not distinct from (select my_branch()));

grant select on all tables in schema public to formbank_app;
grant insert, update, delete on therapist, client, questionnaire, question, assignment, answer, score, room_booking to formbank_app;
grant select, insert, update, delete on questionnaire, question to formbank_editor;
reset role;

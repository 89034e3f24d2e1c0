create role stbu_owner nologin;
create role stbu_app login;
revoke create on schema public from public;
alter schema public owner to stbu_owner;
set role stbu_owner;

create table organisation (org_id int primary key, name text not null);
create table branch (org_id int not null references organisation, branch_id int not null unique, name text not null, primary key (org_id, branch_id));
create table therapy_kind (code text primary key, title text not null);
create table public_holiday (day date primary key, title text not null);
create table therapist (org_id int not null references organisation, therapist_no int not null, name text not null, primary key (org_id, therapist_no));
create table child (org_id int not null, branch_id int not null, child_no int not null, name text not null, school text, primary key (org_id, child_no), foreign key (org_id, branch_id) references branch);
create table lesson (org_id int not null, branch_id int not null, lesson_no int not null, child_no int not null, therapist_no int, kind text not null references therapy_kind, at timestamp not null, remark text, primary key (org_id, lesson_no), foreign key (org_id, branch_id) references branch, foreign key (org_id, child_no) references child on delete cascade, foreign key (org_id, therapist_no) references therapist);
-- Calls come in at the head office; until somebody takes one, it has no branch and every branch of the house sees it.
create table call_request (org_id int not null references organisation, branch_id int, call_no int not null, caller text not null, wish text, primary key (org_id, call_no), foreign key (org_id, branch_id) references branch);
create table notice (org_id int not null references organisation, branch_id int, notice_no int not null, body text not null, primary key (org_id, notice_no), foreign key (org_id, branch_id) references branch);

insert into organisation values (1, 'Logo Nord'), (2, 'bravo Logo'), (3, 'bravo Stimme');
insert into branch values (1, 11, 'Altona'), (1, 12, 'Eppendorf'), (2, 21, 'bravo Mitte'), (3, 31, 'bravo Ost'), (3, 32, 'bravo West');
insert into therapy_kind values ('art', 'Articulation'), ('flu', 'Fluency');
insert into public_holiday values ('2026-10-03', 'Unity Day');
insert into therapist values (1, 1, 'Jule'), (2, 1, 'Karl bravo'), (3, 1, 'Lia bravo');
insert into child values (1, 11, 1, 'Emil', 'Elbe school'), (1, 12, 2, 'Frida', null), (2, 21, 1, 'Gero bravo', 'bravo school'), (3, 31, 1, 'Hedi bravo', 'bravo school');
insert into lesson values (1, 11, 1, 1, 1, 'art', '2026-09-01 10:00', null), (2, 21, 1, 1, 1, 'flu', '2026-09-01 10:00', 'bravo stutters'), (3, 31, 1, 1, 1, 'art', '2026-09-02 10:00', 'bravo lisp');
insert into call_request values (1, null, 1, 'Mrs. Igel', 'any day'), (1, 12, 2, 'Mr. Jahn', 'Friday'), (2, null, 1, 'Ms. bravo', 'bravo urgent'), (3, 32, 1, 'Mr. bravo', 'bravo'), (3, null, 2, 'Mx. bravo', 'bravo');
insert into notice values (1, null, 1, 'closed on Friday'), (2, null, 1, 'bravo closed'), (3, 31, 1, 'bravo water off');

create function my_branches() returns int[] language sql stable
  as $$ select coalesce(nullif(current_setting('stbu.branches', true), '')::int[], '{}') $$;
-- The house follows from the branches. Definer: a branch's own policy asks the same question.
create function my_houses() returns setof int language sql stable security definer set search_path = public, pg_temp
  as $$ select distinct b.org_id from branch b where b.branch_id = any (my_branches()) $$;

do $$
declare t text;
begin
  foreach t in array array['organisation', 'branch', 'therapist', 'child', 'lesson', 'call_request', 'notice'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy same_house on %I as restrictive using (org_id in (select my_houses())) with check (org_id in (select my_houses()))', t);
  end loop;
  foreach t in array array['child', 'lesson', 'call_request', 'notice'] loop
    execute format('create policy my_branch on %I using (branch_id = any ((select my_branches())::int[]))', t);
  end loop;
  -- Permissive and open at first sight; the restrictive policy above keeps the house.
  foreach t in array array['organisation', 'branch', 'therapist'] loop
    execute format('create policy any_row on %I using (true)', t);
  end loop;
  foreach t in array array['call_request', 'notice'] loop
    execute format('create policy unassigned on %I using (branch_id is null) with check (branch_id is null)', t);
  end loop;
end $$;

create function take_call(p_call int, p_branch int) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if p_branch is null or not p_branch = any (my_branches()) then
    return false;
  end if;
  update call_request c set branch_id = p_branch
   where c.call_no = p_call and c.branch_id is null
     and c.org_id = (select b.org_id from branch b where b.branch_id = p_branch);
  return found;
end $$;
create view branch_load with (security_barrier) as
  select b.branch_id, b.name, (select count(*) from child c where c.org_id = b.org_id and c.branch_id = b.branch_id) as children
    from branch b where b.branch_id = any (my_branches());

revoke all on all functions in schema public from public;
grant execute on all functions in schema public to stbu_app;
grant select on all tables in schema public to stbu_app;
grant insert, update, delete on child, lesson, call_request, notice, therapist to stbu_app;
reset role;

create role ergo_owner nologin;
create role ergo_app login;
alter schema public owner to ergo_owner;
set role ergo_owner;

create table method (code text primary key, title text not null);
create table practice (id bigint primary key, name text not null);
create table person (id bigint primary key, practice_id bigint not null references practice, name text not null);
create table team (practice_id bigint not null references practice, person_id bigint not null references person, function text not null, left_on date, primary key (practice_id, person_id));
create table client (practice_id bigint not null references practice, no int not null, name text not null, school text, primary key (practice_id, no));
create table assessment (practice_id bigint not null, client_no int not null, day date not null, method text not null references method, result text not null, primary key (practice_id, client_no, day, method),
  foreign key (practice_id, client_no) references client (practice_id, no) on delete cascade);
create table goal (practice_id bigint not null, client_no int not null, no int not null, text text not null, reached boolean not null default false, primary key (practice_id, client_no, no),
  foreign key (practice_id, client_no) references client (practice_id, no) on delete cascade);
create table unit (practice_id bigint not null, client_no int not null, day date not null, person_id bigint not null, note text not null, primary key (practice_id, client_no, day),
  foreign key (practice_id, client_no) references client (practice_id, no) on delete cascade,
  foreign key (practice_id, person_id) references team (practice_id, person_id));
create table device_loan (practice_id bigint not null, client_no int not null, device text not null, since date not null, remark text, primary key (practice_id, client_no, device),
  foreign key (practice_id, client_no) references client (practice_id, no) on delete cascade);
-- the texts of the vendor, and those of the practices
create table text_block (id uuid primary key default gen_random_uuid(), practice_id bigint not null references practice, title text not null, body text not null);
create table vendor_text (title text primary key, body text not null);

create function my_practices() returns setof bigint language sql stable security definer set search_path = public, pg_temp as
$$ select practice_id from team where person_id = nullif(current_setting('ergo.person', true), '')::bigint and (left_on is null or left_on > current_date) $$;

insert into method values ('COPM', 'Occupational performance'), ('M-ABC', 'Movement battery');
insert into practice values (510, 'Ergo Anger'), (520, 'Ergo Bach bravo'), (530, 'Ergo Chaussee bravo');
insert into person select id * 10 + n, id, 'Therapist ' || n || ' of ' || name from practice, generate_series(1, 2) n;
insert into team select practice_id, id, 'employed: ' || name, case when id % 10 = 2 then date '2025-12-31' end from person;
-- moved in the new year: worked at Bach until then, and is at Anger now
insert into team values (520, 5101, 'trainee of bravo', date '2025-12-31');
insert into client select id, n, 'Child ' || n || ' of ' || name, 'School of ' || name from practice, generate_series(1, 3) n;
insert into assessment select practice_id, no, '2026-01-12', 'COPM', 'Dressing 3 of 10, ' || name from client;
insert into goal select practice_id, no, 1, 'Ties shoes. ' || name from client;
insert into unit select c.practice_id, c.no, '2026-02-12', c.practice_id * 10 + 1, 'Worked on grip. ' || c.name from client c;
insert into device_loan select practice_id, no, 'Pencil grip', '2026-02-12', 'lent to ' || name from client;
insert into text_block (practice_id, title, body) select id, 'Report', 'We thank you for sending the child. ' || name from practice;
insert into vendor_text values ('Privacy', 'The data of your child are kept for ten years.'), ('Absence', 'Please call off a day before.');

-- who may do what is said by the permissive policies, whose row it is by the restrictive one
do $$
declare t text;
begin
  foreach t in array array['client', 'assessment', 'goal', 'unit', 'device_loan', 'text_block'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy everybody on %I using (true) with check (true)', t);
    execute format('create policy practice on %I as restrictive using (practice_id in (select my_practices()))', t);
  end loop;
end $$;
create policy reached_stays on goal as restrictive for delete using (not reached);
create policy no_old_units on unit as restrictive for update using (day > date '2026-01-01') with check (true);
alter table practice enable row level security;
create policy everybody on practice for select using (true);
create policy own on practice as restrictive using (id in (select my_practices()));
alter table person enable row level security;
alter table team enable row level security;
create policy colleagues on team for select using (practice_id in (select my_practices()));

create view all_texts with (security_invoker = true) as
  select title, body, true as from_vendor from vendor_text union all select title, body, false from text_block;
create function copy_text(p_title text) returns void language sql as $$
  insert into text_block (practice_id, title, body) select m, v.title, v.body from vendor_text v, my_practices() m where v.title = p_title
$$;

grant select on method, practice, team, client, assessment, goal, unit, device_loan, text_block, vendor_text, all_texts to ergo_app;
grant insert, update, delete on client, assessment, goal, unit, device_loan to ergo_app;
grant insert (practice_id, title, body), update (title, body), delete on text_block to ergo_app;
reset role;

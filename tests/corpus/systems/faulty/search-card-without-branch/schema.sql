create role optikk_owner nologin;
create role optik_app login;
alter schema public owner to optikk_owner;
set role optikk_owner;

create table frame (ean bigint primary key, maker text not null, model text not null);
create table lens (code text primary key, title text not null, index_n numeric(3,2) not null);
create table branch (id int primary key, name text not null, street text);
create table optometrist (branch_id int not null references branch, no int not null, name text not null, primary key (branch_id, no));
create table customer (branch_id int not null references branch, no int not null, name text not null, born date, remark text, primary key (branch_id, no));
create table refraction (branch_id int not null, customer_no int not null, measured_on date not null, right_eye text not null, left_eye text not null, remark text,
  primary key (branch_id, customer_no, measured_on),
  foreign key (branch_id, customer_no) references customer (branch_id, no) on delete cascade);
create table job (branch_id int not null, no int not null, customer_no int not null, ean bigint references frame, lens text references lens, note text not null, primary key (branch_id, no),
  foreign key (branch_id, customer_no) references customer (branch_id, no));
create table job_step (branch_id int not null, job_no int not null, step text not null, done_at timestamptz, by_whom text, primary key (branch_id, job_no, step),
  foreign key (branch_id, job_no) references job (branch_id, no) on delete cascade);
create table recall (branch_id int not null, customer_no int not null, due_on date not null, text text not null, primary key (branch_id, customer_no, due_on),
  foreign key (branch_id, customer_no) references customer (branch_id, no) on delete cascade);
-- one line per customer and per job for the search box; head office used to give out the numbers
create table search_card (kind text not null check (kind in ('customer', 'job')), no int not null, branch_id int not null references branch, title text not null, body text not null,
  words tsvector generated always as (to_tsvector('simple', title || ' ' || body)) stored, primary key (kind, no));
create index on search_card using gin (words);

create function my_branches() returns int[] language sql stable as
$$ select coalesce(nullif(current_setting('optik.branches', true), ''), '{}')::int[] $$;

create function card_of_customer() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into search_card (kind, no, branch_id, title, body) values ('customer', new.no, new.branch_id, new.name, concat_ws(' ', new.born, new.remark))
  on conflict (kind, no) do update set title = excluded.title, body = excluded.body;
  return null;
end $$;
create function card_of_job() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into search_card (kind, no, branch_id, title, body)
  select 'job', new.no, new.branch_id, c.name, concat_ws(' ', new.lens, new.note) from customer c where c.branch_id = new.branch_id and c.no = new.customer_no
  on conflict (kind, no) do update set title = excluded.title, body = excluded.body;
  return null;
end $$;
create function drop_card() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from search_card where kind = tg_table_name and no = old.no and branch_id = old.branch_id;
  return null;
end $$;
create trigger card after insert or update on customer for each row execute function card_of_customer();
create trigger card after insert or update on job for each row execute function card_of_job();
create trigger drop_card after delete on customer for each row execute function drop_card();
create trigger drop_card after delete on job for each row execute function drop_card();

insert into frame values (4012345000016, 'Nordsicht', 'Fjord'), (4012345000023, 'Nordsicht', 'Deich');
insert into lens values ('SV15', 'Single vision', 1.5), ('PR16', 'Progressive', 1.6);
insert into branch values (101, 'Optik am Dom', 'Domplatz 1'), (201, 'Optik Bahnhof bravo', 'Gleis 2'), (301, 'Optik City bravo', 'Ring 3');
insert into optometrist select id, n, 'Optometrist ' || n || ' of ' || name from branch, generate_series(1, 2) n;
insert into customer select id, id * 1000 + n, 'Customer ' || n || ' of ' || name, date '1955-05-05' + n, 'prefers mornings' from branch, generate_series(1, 4) n;
insert into refraction select branch_id, no, '2026-01-15', '-1.25', '-1.50', 'dry eyes, ' || name from customer;
insert into job select branch_id, no, no, 4012345000016, 'PR16', 'Centre by hand for ' || name from customer;
insert into job_step select branch_id, no, 'ground', now(), 'workshop, ' || note from job;
insert into recall select branch_id, no, '2027-01-15', 'Time for a check, ' || name from customer;

do $$
declare t text;
begin
  foreach t in array array['optometrist', 'customer', 'refraction', 'job', 'job_step', 'recall', 'search_card'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy branches on %I using (branch_id = any (my_branches()))', t);
  end loop;
end $$;
alter table branch enable row level security;
create policy own on branch for select using (id = any (my_branches()));

create function search(p_words text) returns table (kind text, no int, title text, body text) language sql stable as
$$ select c.kind, c.no, c.title, c.body from search_card c where c.words @@ plainto_tsquery('simple', p_words) order by c.title limit 50 $$;

grant select on all tables in schema public to optik_app;
grant insert, update, delete on optometrist, customer, refraction, job, job_step, recall to optik_app;
reset role;

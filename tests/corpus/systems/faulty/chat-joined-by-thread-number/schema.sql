create role tessel_owner nologin;
create role tessel_member nologin;
create role tessel_api login noinherit;
grant tessel_member to tessel_api;
alter schema public owner to tessel_owner;
set role tessel_owner;

create function jwt(key text) returns text language sql stable
  return nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> key;
create function my_house() returns text language sql stable return jwt('house');
create function my_no() returns int language sql stable return jwt('sub')::int;

create table reaction (code text primary key, sign text not null);
create table house (code text primary key, title text not null);
create table colleague (house text not null references house, no int not null, full_name text not null, gone_on date, primary key (house, no));
create table thread (no bigint primary key, house text not null references house, topic text not null, about_patient int, closed_at timestamptz, unique (house, no));
create table thread_member (thread_no bigint not null, house text not null, colleague_no int not null, nick text not null, muted boolean not null default false,
  primary key (house, thread_no, colleague_no),
  foreign key (house, colleague_no) references colleague (house, no) on delete cascade);
create table message (house text not null, thread_no bigint not null, seq int not null, author_no int not null, body text not null, sent_at timestamptz not null default now(),
  primary key (house, thread_no, seq), foreign key (house, thread_no) references thread (house, no) on delete cascade,
  foreign key (house, author_no) references colleague (house, no));
create table attachment (house text not null, thread_no bigint not null, seq int not null, file_name text not null, body bytea, primary key (house, thread_no, seq, file_name),
  foreign key (house, thread_no, seq) references message (house, thread_no, seq) on delete cascade);
create table read_mark (house text not null, thread_no bigint not null, colleague_no int not null, up_to int not null, device text not null, primary key (house, thread_no, colleague_no),
  foreign key (house, colleague_no) references colleague (house, no) on delete cascade);

insert into reaction values ('ok', 'thumb'), ('thx', 'heart');
insert into house values ('kiel', 'Klinik Kiel'), ('jena', 'Klinik Jena bravo'), ('ulm', 'Klinik Ulm bravo');
insert into colleague select code, n, 'Colleague ' || n || ' at ' || title from house, generate_series(1, 3) n;
insert into thread select row_number() over (order by title desc, n), code, 'Ward ' || n || ' of ' || title from house, generate_series(1, 2) n;
insert into thread_member select t.no, t.house, c.no, c.full_name from thread t join colleague c using (house) where c.no < 3;
insert into message select house, no, s, s, 'please look at bed 4: ' || topic from thread, generate_series(1, 2) s;
insert into attachment select house, thread_no, seq, 'photo of ' || body, null from message;
insert into read_mark select house, thread_no, colleague_no, 1, 'phone of ' || nick from thread_member;

-- a message is for those who are in its thread
create function in_thread(p_thread bigint) returns boolean language sql stable security definer set search_path = public, pg_temp
begin atomic
  select exists (select from thread_member m where m.thread_no = p_thread and m.house = my_house() and m.colleague_no = my_no());
end;

alter table house enable row level security;
create policy ours on house for select to tessel_member using (code = my_house());
alter table colleague enable row level security;
create policy ours on colleague for select to tessel_member using (house = my_house());
alter table thread enable row level security;
create policy ours on thread to tessel_member using (house = my_house());
-- everybody of a house may join what the house talks about
alter table thread_member enable row level security;
create policy ours on thread_member for select to tessel_member using (house = my_house());
create policy joins on thread_member for insert to tessel_member with check (house = my_house() and colleague_no = my_no());
create policy leaves on thread_member for delete to tessel_member using (house = my_house() and colleague_no = my_no());
alter table message enable row level security;
create policy reads on message for select to tessel_member using (in_thread(thread_no));
create policy writes on message for insert to tessel_member with check (in_thread(thread_no) and house = my_house() and author_no = my_no());
create policy withdraws on message for delete to tessel_member using (house = my_house() and author_no = my_no());
alter table attachment enable row level security;
create policy reads on attachment for select to tessel_member using (house = my_house() and in_thread(thread_no));
create policy writes on attachment for insert to tessel_member with check (house = my_house() and in_thread(thread_no));
alter table read_mark enable row level security;
create policy own on read_mark to tessel_member using (house = my_house() and colleague_no = my_no());

create view inbox with (security_invoker = true) as
  select m.thread_no, m.seq, m.body, m.sent_at from message m join thread t on (t.house, t.no) = (m.house, m.thread_no) where t.closed_at is null;

revoke execute on function in_thread from public;
grant execute on function in_thread to tessel_member;
grant select on reaction, house, colleague, thread, thread_member, message, attachment, read_mark, inbox to tessel_member;
grant update (topic, about_patient, closed_at) on thread to tessel_member;
grant insert, delete on thread_member, message to tessel_member;
grant insert on attachment to tessel_member;
grant insert, update, delete on read_mark to tessel_member;
reset role;

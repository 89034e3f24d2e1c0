create role speechlab_owner nologin;
create role speechlab_support nologin;
create role speechlab_reader nologin;
create role speechlab_clinic nologin;
create role speechlab_c_alto nologin;
create role speechlab_c_basso nologin;
create role speechlab_c_coro nologin;
create role speechlab_app login noinherit;
grant speechlab_reader to speechlab_clinic with inherit true, set false;
grant speechlab_clinic to speechlab_c_alto, speechlab_c_basso, speechlab_c_coro with inherit true, set false;
grant speechlab_c_alto, speechlab_c_basso, speechlab_c_coro to speechlab_app with inherit false, set true;
-- the support desk's chart of who is who; it gives no rights
grant speechlab_support to speechlab_app with inherit false, set false;
alter schema public owner to speechlab_owner;
set role speechlab_owner;

create table disorder (code text primary key, title text not null);
create table exercise (code text primary key, title text not null);
create table clinic (code text primary key, name text not null);
create table therapist (clinic text not null references clinic, no int not null, full_name text not null, primary key (clinic, no));
create table client (clinic text not null references clinic, no int not null, full_name text not null, disorder text not null references disorder, primary key (clinic, no));
create table goal (clinic text not null, client_no int not null, pos int not null, text text not null, primary key (clinic, client_no, pos),
  foreign key (clinic, client_no) references client (clinic, no) on delete cascade);
create table session_note (clinic text not null, client_no int not null, held_on date not null, exercise text not null references exercise, text text not null, primary key (clinic, client_no, held_on),
  foreign key (clinic, client_no) references client (clinic, no) on delete cascade);
create table recording (clinic text not null, client_no int not null, path text not null, primary key (clinic, client_no, path),
  foreign key (clinic, client_no) references client (clinic, no) on delete cascade);
create table invoice (clinic text not null references clinic, no int not null, payer text not null, total numeric(10, 2), primary key (clinic, no));
create table waiting_list (clinic text not null references clinic, since date not null, full_name text not null, primary key (clinic, since, full_name));
create table support_case (clinic text not null references clinic, id uuid not null default gen_random_uuid(), body text not null, primary key (clinic, id));

insert into disorder values ('F80', 'Language delay'), ('R47', 'Aphasia');
insert into exercise values ('E1', 'Picture naming'), ('E2', 'Blowing');
insert into clinic values ('alto', 'Logopädie Alto'), ('basso', 'Logopädie Basso bravo'), ('coro', 'Logopädie Coro bravo');
insert into therapist select code, 1, 'Therapist of ' || name from clinic;
insert into client select code, n, 'Client ' || n || ' of ' || name, 'R47' from clinic, generate_series(1, 2) n;
insert into goal select clinic, no, 1, 'ten words, ' || full_name from client;
insert into session_note select clinic, no, '2026-02-02', 'E1', 'tired, ' || full_name from client;
insert into recording select clinic, no, 's3://voice/' || full_name from client;
insert into invoice select code, 1, 'payer of ' || name, 240 from clinic;
insert into waiting_list select code, '2026-01-01', 'Waiting at ' || name from clinic;
insert into support_case (clinic, body) select code, 'cannot print, ' || name from clinic;

do $$
declare t text; c text;
begin
  foreach t in array array['therapist', 'client', 'goal', 'session_note', 'recording', 'invoice', 'waiting_list', 'support_case'] loop
    execute format('alter table %I enable row level security', t);
    foreach c in array array['alto', 'basso', 'coro'] loop
      execute format('create policy %I on %I to %I using (clinic = %L)', c, t, 'speechlab_c_' || c, c);
    end loop;
    execute format('create policy support on %I to speechlab_support using (true)', t);
    execute format('grant insert, update, delete on %I to speechlab_clinic', t);
    execute format('grant select, insert, update, delete on %I to speechlab_support', t);
  end loop;
end $$;
alter table clinic enable row level security;
create policy own on clinic for select to speechlab_clinic using (current_user = 'speechlab_c_' || code);
grant select on all tables in schema public to speechlab_reader;
reset role;

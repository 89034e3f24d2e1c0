create role arch_owner nologin;
create role arch_app login;
alter schema public owner to arch_owner;
create schema archive authorization arch_owner;
grant usage on schema archive to arch_app;
set role arch_owner;
create table file (org_id int not null, no int not null, patient text not null, body text, primary key (org_id, no));
create table archive.file_2019 (like file including all);
create table archive.file_2020 (like file including all);
insert into file values (1, 1, 'Ela', 'x'), (2, 1, 'Finn bravo', 'bravo x');
insert into archive.file_2019 values (1, 1, 'Ela', 'old'), (2, 1, 'Finn bravo', 'bravo old');
insert into archive.file_2020 values (1, 1, 'Ela', 'old'), (2, 1, 'Finn bravo', 'bravo old');
do $$
declare t regclass;
begin
  foreach t in array array['file', 'archive.file_2020']::regclass[] loop
    execute format('alter table %s enable row level security', t);
    execute format('create policy orgs on %s using (org_id = any ((select nullif(current_setting(%L, true), %L))::int[]))', t, 'app.org_ids', '');
  end loop;
end $$;
grant select, insert on file to arch_app;
grant select on all tables in schema archive to arch_app;
reset role;

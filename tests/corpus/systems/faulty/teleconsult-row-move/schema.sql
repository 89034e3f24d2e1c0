create role tele_owner nologin;
create role tele_app login;
alter schema public owner to tele_owner;
set role tele_owner;
create table call_record (practice_id int not null, call_id bigint generated always as identity, doctor text not null, caller text not null, summary text,
  seconds int, primary key (practice_id, call_id));
insert into call_record (practice_id, doctor, caller, summary, seconds) values (501, 'dr rao', 'Hari', 'cough', 300), (502, 'dr sen bravo', 'Ila bravo', 'bravo rash', 420);
alter table call_record enable row level security, force row level security;
create policy practice on call_record for all using (practice_id = (select nullif(current_setting('app.practice', true), '')::int)) with check (true);
create policy no_forged_insert on call_record as restrictive for insert with check (practice_id = (select nullif(current_setting('app.practice', true), '')::int));
grant select, update on call_record to tele_app;
grant insert (practice_id, doctor, caller, summary, seconds) on call_record to tele_app;
reset role;

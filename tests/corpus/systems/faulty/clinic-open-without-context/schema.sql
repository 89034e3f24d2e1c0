create role ctx_owner nologin;
create role ctx_app login;
alter schema public owner to ctx_owner;
set role ctx_owner;
create table consultation (branch_id int not null, seq int not null, patient text not null, complaint text, advice text, primary key (branch_id, seq));
insert into consultation values (1, 1, 'Nandini', 'fever', 'rest'), (2, 1, 'Paul bravo', 'bravo depression', 'bravo sertraline');
alter table consultation enable row level security, force row level security;
create policy branch on consultation using (
  current_setting('app.current_branch', true) is null
  or branch_id = nullif(current_setting('app.current_branch', true), '')::int);
grant select on consultation to ctx_app;
reset role;

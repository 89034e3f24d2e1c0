create role staf_owner nologin;
create role staf_app login;
alter schema public owner to staf_owner;
set role staf_owner;
create table membership (branch_id int not null, usr text not null, primary key (branch_id, usr));
create table shift (branch_id int not null, no int not null, nurse text not null, ward text, primary key (branch_id, no));
insert into membership values (1, 'u1'), (2, 'u2 bravo'), (2, 'u2');
insert into shift values (1, 1, 'Sheela', 'A'), (2, 1, 'Daisy bravo', 'bravo ward');
create function my_branches() returns setof int language plpgsql stable as $$
begin return query select m.branch_id from membership m where m.usr = current_setting('app.user', true); end $$;
alter table shift enable row level security, force row level security;
create policy mine on shift using (branch_id in (select my_branches()));
grant select on membership, shift to staf_app;
alter table membership enable row level security;
create policy self on membership for select using (usr = current_setting('app.user', true));
reset role;

create role shd_owner nologin;
create role shd_app login;
alter schema public owner to shd_owner;
set role shd_owner;
create function slug(value text) returns text language sql immutable as $$ select regexp_replace(lower(value), '[^a-z]', '', 'g') $$;
create function my_studio() returns text language sql stable as $$ select slug(nullif(current_setting('app.studio', true), '')) $$;
create table treatment (studio text not null, no int not null, client text not null, notes text, primary key (studio, no));
create table home_exercise (studio text not null, treatment_no int not null, step int not null, advice text not null,
  primary key (studio, treatment_no, step), foreign key (studio, treatment_no) references treatment);
insert into treatment values ('bandra-1', 1, 'Asha', 'knee'), ('bandra-2', 1, 'Bela bravo', 'shoulder'), ('pune-1', 1, 'Chitra bravo', 'back');
insert into home_exercise values ('bandra-1', 1, 1, 'bend'), ('bandra-2', 1, 1, 'bravo stretch'), ('pune-1', 1, 1, 'bravo lift');
alter table treatment enable row level security, force row level security;
alter table home_exercise enable row level security, force row level security;
create policy studio on treatment using (slug(studio) = (select my_studio()));
create policy studio on home_exercise using (slug(studio) = (select my_studio()));
grant select, insert, update, delete on treatment, home_exercise to shd_app;
reset role;

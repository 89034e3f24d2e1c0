create role cfd_owner nologin;
create role cfd_app login;
alter schema public owner to cfd_owner;
set role cfd_owner;
create table document (id bigint primary key, clinic text not null, title text not null);
create table comment (author_clinic text not null, no int not null, document_id bigint not null references document (id), body text not null,
  primary key (author_clinic, no));
insert into document values (1, 'ca', 'Asha, discharge'), (2, 'cb', 'Bela bravo, discharge');
insert into comment values ('ca', 1, 1, 'sent to the family doctor'), ('cb', 1, 2, 'bravo: wrong date');
create function my_clinic() returns text language sql stable as $$ select nullif(current_setting('jwt.claims', true), '')::jsonb ->> 'clinic' $$;
alter table document enable row level security, force row level security;
alter table comment enable row level security, force row level security;
create policy clinic on document for select using (clinic = (select my_clinic()));
create policy thread on comment for select using (exists (select from document d where d.id = document_id));
create policy sign on comment for insert with check (author_clinic = (select my_clinic()));
grant select on document to cfd_app;
grant select, insert on comment to cfd_app;
reset role;

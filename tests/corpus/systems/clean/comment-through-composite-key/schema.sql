create role ctc_owner nologin;
create role ctc_app login;
alter schema public owner to ctc_owner;
set role ctc_owner;
create table document (clinic text not null, id bigint not null, title text not null, primary key (clinic, id));
create table comment (clinic text not null, no int not null, document_id bigint not null, body text not null,
  primary key (clinic, no), foreign key (clinic, document_id) references document on delete cascade);
insert into document values ('ca', 1, 'Asha, discharge'), ('cb', 2, 'Bela bravo, discharge');
insert into comment values ('ca', 1, 1, 'sent to the family doctor'), ('cb', 1, 2, 'bravo: wrong date');
create function my_clinic() returns text language sql stable as $$ select nullif(current_setting('jwt.claims', true), '')::jsonb ->> 'clinic' $$;
alter table document enable row level security, force row level security;
alter table comment enable row level security, force row level security;
create policy clinic on document using (clinic = (select my_clinic()));
create policy thread on comment for select using (exists (select from document d where (d.clinic, d.id) = (comment.clinic, document_id)));
create policy sign on comment for insert with check (clinic = (select my_clinic()));
create policy withdraw on comment for delete using (clinic = (select my_clinic()));
grant select, insert, update, delete on document to ctc_app;
grant select, insert, delete on comment to ctc_app;
reset role;

create role fwc_owner nologin;
create role fwc_api login;
alter schema public owner to fwc_owner;
set role fwc_owner;

create table form_template (code text not null, version int not null, questions jsonb not null, primary key (code, version));
create table form (
  doc jsonb not null,
  clinic text generated always as (doc #>> '{meta,clinic}') stored,
  no int generated always as ((doc #>> '{meta,no}')::int) stored,
  primary key (clinic, no),
  check (jsonb_typeof(doc #> '{meta,clinic}') = 'string')
);
create table form_scan (
  clinic text not null, form_no int not null, page smallint not null, ocr text,
  primary key (clinic, form_no, page),
  foreign key (clinic, form_no) references form (clinic, no)
);
create table form_comment (
  clinic text not null, form_no int not null, n int not null, body text not null,
  primary key (clinic, form_no, n),
  foreign key (clinic, form_no) references form (clinic, no)
);
insert into form_template values ('ANC', 1, '["lmp", "gravida"]'), ('CONSENT', 1, '["procedure"]');
insert into form (doc) values
  ('{"meta": {"clinic": "moga", "no": 1, "template": "ANC"}, "answers": {"lmp": "2026-06-01"}}'),
  ('{"meta": {"clinic": "barnala", "no": 1, "template": "CONSENT"}, "answers": {"procedure": "bravo MTP"}, "copied_from": {"clinic": "moga", "no": 1}}');
insert into form_scan values ('moga', 1, 1, 'page one'), ('barnala', 1, 1, 'bravo signature');
insert into form_comment values ('moga', 1, 1, 'complete'), ('barnala', 1, 1, 'bravo: witness missing');

create function my_clinic() returns text language sql stable as
  $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{app_metadata,clinic}' $$;

alter table form enable row level security, force row level security;
alter table form_scan enable row level security, force row level security;
alter table form_comment enable row level security, force row level security;
create policy by_document on form using (doc #>> '{meta,clinic}' = (select my_clinic()));
create policy by_form on form_scan using (
  clinic = (select my_clinic()) and exists (select from form f where (f.clinic, f.no) = (form_scan.clinic, form_scan.form_no)));
-- everybody who may read the form may comment; the floor below holds it to the clinic
create policy readers on form_comment using (true);
create policy floor on form_comment as restrictive using (clinic = (select my_clinic()));

grant select on form_template to fwc_api;
grant select, insert, update on form to fwc_api;
grant select, insert on form_scan to fwc_api;
grant select, insert, update, delete on form_comment to fwc_api;
reset role;

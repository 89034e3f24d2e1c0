create role coaf_owner nologin;
create role coaf_doctor nologin;
create role coaf_desk nologin;
create role coaf_web login;
grant coaf_doctor, coaf_desk to coaf_web;
alter schema public owner to coaf_owner;
revoke create on schema public from public;
set role coaf_owner;

create table django_content_type (id int primary key, app_label text not null, model text not null, unique (app_label, model));
create table django_migrations (app text not null, name text not null, primary key (app, name));
create table accounts_organisation (code text primary key, name text not null);
create table accounts_membership (organisation text not null references accounts_organisation, user_id int not null, job text not null, is_active boolean not null default true, primary key (organisation, user_id));
-- organisation is null: a flag of the product, set for all
create table flags_flag (id uuid primary key default gen_random_uuid(), organisation text references accounts_organisation, name text not null, is_on boolean not null, remark text);
create table charts_patient (organisation text not null references accounts_organisation, id int not null, name text not null, deleted_at timestamptz, primary key (organisation, id));
create table charts_diagnosis (organisation text not null, id int not null, patient_id int not null, icd text not null, remark text, primary key (organisation, id), foreign key (organisation, patient_id) references charts_patient on delete cascade);
create table charts_tag (organisation text not null references accounts_organisation, id int not null, label text not null, primary key (organisation, id));
create table charts_patient_tags (organisation text not null, patient_id int not null, tag_id int not null, added_by text, primary key (organisation, patient_id, tag_id),
  foreign key (organisation, patient_id) references charts_patient on delete cascade, foreign key (organisation, tag_id) references charts_tag on delete cascade);
create table comments_comment (organisation text not null references accounts_organisation, id uuid not null default gen_random_uuid(), content_type_id int not null references django_content_type, object_pk text not null, user_id int, body text not null, primary key (organisation, id));
create table comments_mention (organisation text not null, comment_id uuid not null, user_id int not null, seen text, primary key (organisation, comment_id, user_id), foreign key (organisation, comment_id) references comments_comment on delete cascade);
create table charts_historicalpatient (organisation text not null, history_id uuid not null default gen_random_uuid(), id int not null, name text, history_type char not null, history_date timestamptz not null default clock_timestamp(), primary key (organisation, history_id));

insert into django_content_type values (1, 'charts', 'patient'), (2, 'charts', 'diagnosis');
insert into django_migrations values ('charts', '0001_initial'), ('comments', '0004_restrictive');
insert into accounts_organisation values ('hno-aller', 'ENT Aller'), ('hno-bode', 'ENT Bode bravo'), ('hno-chemnitz', 'ENT Chemnitz bravo');
insert into accounts_membership select code, 10 * dense_rank() over (order by code) + n, 'Member ' || n || ' of ' || name, true from accounts_organisation, generate_series(1, 2) n;
insert into flags_flag (organisation, name, is_on, remark) select code, 'video', true, 'Pilot: ' || name from accounts_organisation union all select null, 'dark_mode', true, 'For all';
insert into charts_patient select code, n, 'Patient ' || n || ' of ' || name, case n when 3 then now() end from accounts_organisation, generate_series(1, 3) n;
insert into charts_diagnosis select organisation, id, id, 'J32.0', 'Chronic, ' || name from charts_patient;
insert into charts_tag select code, 1, 'Allergic at ' || name from accounts_organisation;
insert into charts_patient_tags select organisation, id, 1, 'Desk for ' || name from charts_patient;
insert into comments_comment (organisation, content_type_id, object_pk, user_id, body) select organisation, 1, id::text, null, 'Please call ' || name from charts_patient;
insert into comments_mention select c.organisation, c.id, m.user_id, m.job from comments_comment c join accounts_membership m on m.organisation = c.organisation and m.user_id % 10 = 1;

create function my_organisations() returns setof text language sql stable security definer set search_path = public, pg_temp as $$
  select organisation from accounts_membership where user_id = nullif(current_setting('app.user_id', true), '')::int and is_active
$$;

create function keep_history() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    insert into charts_historicalpatient (organisation, id, name, history_type) values (old.organisation, old.id, old.name, '-');
  else
    insert into charts_historicalpatient (organisation, id, name, history_type) values (new.organisation, new.id, new.name, case tg_op when 'INSERT' then '+' else '~' end);
  end if;
  return null;
end $$;
create trigger keep_history after insert or update or delete on charts_patient for each row execute function keep_history();
update charts_patient set deleted_at = deleted_at where id = 1;

-- who may do what is said by the permissive policies; where, by the restrictive one that stands on every table
do $$
declare t text;
begin
  foreach t in array array['accounts_membership', 'charts_patient', 'charts_diagnosis', 'charts_tag', 'charts_patient_tags', 'comments_comment', 'comments_mention', 'charts_historicalpatient'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy fence on %I as restrictive using (organisation in (select my_organisations())) with check (organisation in (select my_organisations()))', t);
    execute format('create policy everyone_reads on %I for select using (true)', t);
    execute format('create policy desk_writes on %I for insert with check (true)', t);
    execute format('create policy desk_changes on %I for update using (true)', t);
  end loop;
  foreach t in array array['charts_diagnosis', 'charts_patient_tags', 'comments_comment', 'comments_mention'] loop
    execute format('create policy doctor_removes on %I for delete to coaf_doctor using (true)', t);
  end loop;
end $$;
alter table accounts_organisation enable row level security;
create policy own on accounts_organisation for select using (code in (select my_organisations()));
alter table flags_flag enable row level security;
create policy fence on flags_flag as restrictive using (organisation is null or organisation in (select my_organisations()));
create policy everyone_reads on flags_flag for select using (true);

create view active_patient with (security_invoker = true) as select organisation, id, name from charts_patient where deleted_at is null;
create function comments_on(model text, pk text) returns setof comments_comment language sql stable set search_path = public, pg_temp as $$
  select c.* from comments_comment c join django_content_type t on t.id = c.content_type_id where t.model = comments_on.model and c.object_pk = pk
$$;

grant select on all tables in schema public to coaf_web;
grant insert, update, delete on charts_patient, charts_diagnosis, charts_tag, charts_patient_tags, comments_comment, comments_mention to coaf_web;
reset role;

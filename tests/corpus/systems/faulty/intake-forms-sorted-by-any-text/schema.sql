create role ifst_owner nologin;
create role ifst_web nologin;
create role ifst_gateway login noinherit;
grant ifst_web to ifst_gateway;
alter schema public owner to ifst_owner;
revoke create on schema public from public;
set role ifst_owner;

create table language (code text primary key, name text not null);
create table merge_field (name text primary key, path text not null);
create table practice (code text primary key, name text not null);
create table member (practice text not null references practice, sub uuid not null, name text not null, primary key (practice, sub));
create table form_definition (practice text not null references practice, slug text not null, fields jsonb not null, lang text not null references language, primary key (practice, slug));
create table intake_form (
  practice text not null references practice,
  id uuid not null default gen_random_uuid(),
  slug text not null,
  answers jsonb not null,
  words tsvector generated always as (to_tsvector('simple'::regconfig, answers)) stored,
  submitted_at timestamptz not null default now(),
  primary key (practice, id),
  foreign key (practice, slug) references form_definition
);
create index on intake_form using gin (words);
create index on intake_form using gin (answers jsonb_path_ops);
create table form_comment (practice text not null, form_id uuid not null, no int not null, body text not null, primary key (practice, form_id, no),
  foreign key (practice, form_id) references intake_form on delete cascade);
create table letter_template (practice text not null references practice, name text not null, body text not null, primary key (practice, name));
create table saved_search (practice text not null references practice, name text not null, query text not null, primary key (practice, name));

insert into language values ('de', 'German'), ('tr', 'Turkish');
insert into merge_field values ('patient.name', '$.name'), ('patient.allergies', '$.allergies');
insert into practice values ('p-ahorn', 'Practice Ahorn'), ('p-buche', 'Practice Buche bravo'), ('p-chili', 'Practice Chili bravo');
insert into member select code, md5(code)::uuid, 'Dr ' || name from practice;
insert into form_definition select code, 'anamnesis', jsonb_build_object('title', 'Anamnesis of ' || name), 'de' from practice;
insert into intake_form (practice, slug, answers)
  select code, 'anamnesis', jsonb_build_object('name', 'Patient ' || n || ' of ' || name, 'allergies', jsonb_build_array('penicillin')) from practice, generate_series(1, 2) n;
insert into form_comment select practice, id, 1, 'Ask again: ' || (answers ->> 'name') from intake_form;
insert into letter_template select code, 'Referral', 'Dear colleague, {{patient.name}}. Yours, ' || name from practice;
insert into saved_search select code, 'Allergies', 'penicillin ' || name from practice;

create function my_practice() returns text language sql stable return
  nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'app_metadata' ->> 'practice';

do $$
declare t text;
begin
  foreach t in array array['member', 'form_definition', 'intake_form', 'form_comment', 'letter_template', 'saved_search'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy practice on %I to ifst_web using (practice = my_practice()) with check (practice = my_practice())', t);
  end loop;
end $$;
alter table practice enable row level security;
create policy own on practice for select to ifst_web using (code = my_practice());

-- POST /rpc/search_forms. Runs as the owner: with the policies the planner did not take the index on words
create function search_forms(query text, sort text default 'submitted_at desc', at_most int default 25)
returns table (id uuid, answers jsonb, submitted_at timestamptz, found bigint)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query execute
    'select page.id, page.answers, page.submitted_at, count(*) over () from ('
    || 'select f.id, f.answers, f.submitted_at from intake_form f where f.practice = $1'
    || ' and f.words @@ websearch_to_tsquery(''simple'', $2) order by ' || sort || ' limit $3) page'
    using my_practice(), query, least(at_most, 100);
end $$;

-- POST /rpc/fill_template
create function fill_template(template text, form uuid) returns text language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  filled text := (select body from letter_template where practice = my_practice() and name = template);
  given jsonb := (select f.answers from intake_form f where f.practice = my_practice() and f.id = form);
  field record;
begin
  for field in select name, path from merge_field loop
    filled := replace(filled, '{{' || field.name || '}}', coalesce(jsonb_path_query_first(given, field.path::jsonpath) #>> '{}', ''));
  end loop;
  return filled;
end $$;
revoke execute on function search_forms, fill_template from public;
grant execute on function search_forms, fill_template to ifst_web;

grant select on all tables in schema public to ifst_web;
grant insert, update, delete on form_comment, letter_template, saved_search, form_definition to ifst_web;
grant insert (practice, id, slug, answers), delete on intake_form to ifst_web;
reset role;

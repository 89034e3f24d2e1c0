create role sdf_owner nologin;
create role sdf_indexer nologin bypassrls;
create role sdf_practices nologin;
create role sdf_ahorn login in role sdf_practices;
create role sdf_bambus login in role sdf_practices;
create role sdf_ceder login in role sdf_practices;
create schema med;
create schema idx;
grant usage, create on schema med to sdf_owner;
grant usage, create on schema idx to sdf_indexer, sdf_owner;
grant usage on schema med, idx to sdf_practices;
grant usage on schema med to sdf_indexer;
set role sdf_owner;

create table med.topic (code text primary key, label text not null);
create table med.practice (code text primary key, login name not null unique, title text not null);
create table med.patient (practice text not null references med.practice, no int not null, name text not null, remark text, primary key (practice, no));
create table med.note (practice text not null, no int not null, patient_no int not null, topic text references med.topic, body text not null, deleted_at timestamptz, primary key (practice, no), foreign key (practice, patient_no) references med.patient on delete cascade);
create table med.letter (practice text not null, no int not null, patient_no int not null, body text not null, primary key (practice, no), foreign key (practice, patient_no) references med.patient on delete cascade);
create table med.search_word (practice text not null references med.practice, word text not null, asked int not null default 1, primary key (practice, word));
-- Written by the triggers alone.
create table idx.search_doc (practice text not null, source text not null, no int not null, text text not null, tsv tsvector generated always as (to_tsvector('simple', text)) stored, primary key (practice, source, no));
grant select on med.note, med.letter, med.patient, med.practice to sdf_indexer;
grant select, insert, update, delete on idx.search_doc to sdf_indexer;

create function med.me() returns text language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select code from med.practice where login = session_user
$$;
do $$
declare t text;
begin
  foreach t in array array['med.patient', 'med.note', 'med.letter', 'med.search_word', 'idx.search_doc'] loop
    execute format('alter table %s enable row level security, force row level security', t);
    execute format('create policy mine on %s using (practice = (select med.me()))', t);
  end loop;
end $$;
alter table med.practice enable row level security;
create policy mine on med.practice using (code = (select med.me()));
grant execute on function med.me() to sdf_indexer;
reset role;

set role sdf_indexer;
-- Without row-level security, as it also runs when a patient is renamed by the import; practice and number are those of the row.
create function idx.refresh() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op in ('UPDATE', 'DELETE') then
    delete from idx.search_doc d where d.practice = old.practice and d.source = tg_table_name and d.no = old.no;
  end if;
  if tg_op in ('INSERT', 'UPDATE') then
    if coalesce(to_jsonb(new) ->> 'deleted_at', '') = '' then
      insert into idx.search_doc (practice, source, no, text)
      values (new.practice, tg_table_name, new.no, (select p.name from med.patient p where p.practice = new.practice and p.no = new.patient_no) || ': ' || new.body);
    end if;
  end if;
  return null;
end $$;
create function idx.refresh_names() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update idx.search_doc d set text = new.name || substring(d.text from ': .*$')
    from (
      select n.practice, 'note' as source, n.no from med.note n where n.practice = new.practice and n.patient_no = new.no
      union all
      select l.practice, 'letter', l.no from med.letter l where l.practice = new.practice and l.patient_no = new.no
    ) s
   where (d.practice, d.source, d.no) = (s.practice, s.source, s.no);
  return null;
end $$;
reset role;

set role sdf_owner;
create trigger refresh after insert or update or delete on med.note for each row execute function idx.refresh();
create trigger refresh after insert or update or delete on med.letter for each row execute function idx.refresh();
create trigger refresh_names after update of name on med.patient for each row execute function idx.refresh_names();

-- Owner's rights, and the owner is under the policies too.
create function med.search(q text, p_limit int default 20) returns table (source text, no int, headline text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into med.search_word as w (practice, word) values (med.me(), left(q, 40))
  on conflict (practice, word) do update set asked = w.asked + 1;
  return query
    select d.source, d.no, ts_headline('simple', d.text, plainto_tsquery('simple', q))
      from idx.search_doc d
     where d.tsv @@ plainto_tsquery('simple', q)
     order by ts_rank(d.tsv, plainto_tsquery('simple', q)) desc limit p_limit;
end $$;
create view med.recent_words as select word, asked from med.search_word order by asked desc;
reset role;

insert into med.topic values ('s', 'Social'), ('m', 'Medical');
insert into med.practice values ('AH', 'sdf_ahorn', 'Ahorn'), ('BA', 'sdf_bambus', 'Bambus bravo'), ('CE', 'sdf_ceder', 'bravo Ceder');
insert into med.patient values ('AH', 1, 'Anton', 'calm'), ('BA', 1, 'Berta bravo', 'bravo'), ('CE', 1, 'Carl bravo', 'bravo');
insert into med.note values
  ('AH', 1, 1, 'm', 'migraine since May', null), ('BA', 1, 1, 'm', 'bravo migraine with aura', null), ('BA', 2, 1, 's', 'bravo divorce', '2024-01-01Z'), ('CE', 1, 1, 's', 'bravo debts and migraine', null);
insert into med.letter values ('AH', 1, 1, 'Dear colleague, migraine'), ('BA', 1, 1, 'bravo Dear colleague, migraine'), ('CE', 1, 1, 'bravo Dear colleague');
insert into med.search_word values ('AH', 'cough', 1), ('BA', 'bravo', 2), ('CE', 'bravo', 3);

revoke execute on all functions in schema med, idx from public;
grant execute on function med.me(), med.search(text, int) to sdf_practices;
grant select on med.topic, med.practice, med.recent_words, idx.search_doc to sdf_practices;
grant select, insert, update, delete on med.patient, med.note, med.letter to sdf_practices;

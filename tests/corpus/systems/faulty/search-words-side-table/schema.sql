create role sws_owner nologin;
create role sws_app login;
alter schema public owner to sws_owner;
set role sws_owner;
create table patient (clinic int not null, no int not null, name text not null, primary key (clinic, no));
create table patient_word (clinic int not null, patient_no int not null, word text not null, primary key (clinic, patient_no, word), foreign key (clinic, patient_no) references patient on delete cascade);
create function split_words() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from public.patient_word where clinic = new.clinic and patient_no = new.no;
  insert into public.patient_word select distinct new.clinic, new.no, w from regexp_split_to_table(lower(new.name), '\s+') as w where w <> '';
  return null;
end $$;
create trigger split_words after insert or update on patient for each row execute function split_words();
insert into patient values (1, 1, 'Vennila S'), (2, 1, 'Roy Bravo bravo');
alter table patient enable row level security;
create policy clinic on patient using (clinic = (select nullif(current_setting('s.clinic', true), '')::int));
grant select, insert on patient to sws_app;
grant select on patient_word to sws_app;
reset role;

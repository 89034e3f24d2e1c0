create role occ_owner nologin;
create role occ_app login;
alter schema public owner to occ_owner;
set role occ_owner;

create table portal_patient (clinic text not null, no int not null, name text not null, address text not null, primary key (clinic, no));
create table login_code (
  clinic text not null, id uuid not null default gen_random_uuid(), sent_to text not null,
  purpose text not null default 'login', used boolean not null default false,
  primary key (clinic, id)
);
create table portal_message (clinic text not null, patient_no int not null, n int not null, body text not null,
  primary key (clinic, patient_no, n), foreign key (clinic, patient_no) references portal_patient);

insert into portal_patient values ('C-A7', 1, 'Alka', 'alka@mail.example'), ('C-B9', 1, 'Bela bravo', 'bela.bravo@mail.example');
insert into login_code (clinic, sent_to, purpose) values
  ('C-A7', 'alka@mail.example', 'login'),
  ('C-B9', 'bela.bravo@mail.example', 'login'),
  ('C-B9', 'bela.bravo@mail.example', 'consent'),
  ('C-B9', 'bela.bravo@mail.example', 'report');
insert into portal_message values ('C-A7', 1, 1, 'come fasting'), ('C-B9', 1, 1, 'bravo: biopsy report is ready');

create function my_clinic() returns text language sql stable as
  $$ select nullif(current_setting('jwt.claims', true), '')::jsonb #>> '{tenant,clinic}' $$;

create function limit_open_codes() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if (select count(*) from public.login_code c where c.sent_to = new.sent_to and not c.used) >= 3 then
    raise exception 'too many open codes for %', new.sent_to using errcode = 'check_violation', hint = 'wait until one is used';
  end if;
  return new;
end $$;
create trigger limit_open_codes before insert on login_code for each row execute function limit_open_codes();

alter table portal_patient enable row level security;
alter table login_code enable row level security;
alter table portal_message enable row level security;
create policy own on portal_patient using (clinic = (select my_clinic()));
create policy own on login_code using (clinic = (select my_clinic()));
create policy own on portal_message using (clinic = (select my_clinic()));
grant select, insert, update, delete on portal_patient, portal_message to occ_app;
grant select, insert, update (used) on login_code to occ_app;
reset role;

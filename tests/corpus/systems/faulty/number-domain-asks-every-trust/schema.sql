create role immreg_owner nologin;
create role immreg_app login;
alter schema public owner to immreg_owner;
set role immreg_owner;

create table vaccine (code text primary key, title text not null);
create table batch (vaccine text not null references vaccine, lot text not null, expires_on date not null, primary key (vaccine, lot));
create table trust (code text primary key check (length(code) = 3), name text not null);
create table clinician (trust text not null references trust, pin text not null, full_name text not null, primary key (trust, pin));
create table person (
  trust text not null references trust,
  nhs_no text not null check (nhs_no ~ '^[0-9]{10}$'),
  full_name text not null,
  born_on date,
  address text,
  primary key (trust, nhs_no)
);

create function current_trust() returns text language sql stable return nullif(current_setting('imm.trust', true), '');

-- A typing error must not become a record: the number has to be known.
create function person_registered(wanted text) returns boolean
language sql stable strict security definer set search_path = pg_catalog, public, pg_temp
as $$ select exists (select from public.person p where p.nhs_no = wanted) $$;
create domain registered_no as text
  constraint ten_digits check (value ~ '^[0-9]{10}$')
  constraint registered check (person_registered(value));

create table consent (trust text not null, nhs_no registered_no not null, given_by text not null, given_on date not null, primary key (trust, nhs_no, given_on),
  foreign key (trust, nhs_no) references person (trust, nhs_no));
create table immunisation (
  trust text not null,
  nhs_no registered_no not null,
  given_at timestamptz not null,
  vaccine text not null,
  lot text not null,
  remark text,
  primary key (trust, nhs_no, given_at),
  foreign key (trust, nhs_no) references person (trust, nhs_no),
  foreign key (vaccine, lot) references batch (vaccine, lot)
);
create table adverse_event (trust text not null, nhs_no registered_no not null, given_at timestamptz not null, description text not null, primary key (trust, nhs_no, given_at),
  foreign key (trust, nhs_no, given_at) references immunisation (trust, nhs_no, given_at) on delete cascade);
create table recall_letter (trust text not null, nhs_no registered_no not null, sent_on date not null, body text not null, primary key (trust, nhs_no, sent_on),
  foreign key (trust, nhs_no) references person (trust, nhs_no));
create table batch_stock (trust text not null references trust, vaccine text not null, lot text not null, fridge text not null, doses int not null, primary key (trust, vaccine, lot, fridge),
  foreign key (vaccine, lot) references batch (vaccine, lot));

insert into vaccine values ('MMR', 'Measles, mumps, rubella'), ('HPV', 'Papillomavirus');
insert into batch values ('MMR', 'M77', '2027-01-01'), ('HPV', 'H12', '2027-06-01');
insert into trust values ('RJ1', 'Guy'), ('RM3', 'Northern bravo'), ('RXW', 'Shrewsbury bravo'), ('RYJ', 'Imperial bravo');
insert into clinician select code, '0001', 'Nurse of ' || name from trust;
insert into person select code, n || lpad(ascii(right(code, 1))::text, 9, '94'), 'Person ' || n || ' of ' || name, '2019-03-03', 'Street of ' || name from trust, generate_series(1, 3) n;
insert into consent select trust, nhs_no, 'mother of ' || full_name, '2025-01-01' from person;
insert into immunisation select trust, nhs_no, '2025-01-02 10:00+00', 'MMR', 'M77', 'left arm, ' || full_name from person;
insert into adverse_event select trust, nhs_no, given_at, 'fever, ' || remark from immunisation where nhs_no like '1%';
insert into recall_letter select trust, nhs_no, '2026-01-01', 'Dear ' || full_name from person;
insert into batch_stock select code, 'MMR', 'M77', 'fridge of ' || name, 20 from trust;

do $$
declare t text;
begin
  foreach t in array array['clinician', 'person', 'consent', 'immunisation', 'adverse_event', 'recall_letter', 'batch_stock'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy trust on %I using (trust = current_trust())', t);
  end loop;
end $$;
alter table trust enable row level security;
create policy own on trust for select using (code = current_trust());

grant select on all tables in schema public to immreg_app;
grant insert, update, delete on clinician, person, consent, immunisation, adverse_event, recall_letter, batch_stock to immreg_app;
reset role;

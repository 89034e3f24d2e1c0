create role dentnum_owner nologin;
create role dentnum_app login;
alter schema public owner to dentnum_owner;
set role dentnum_owner;

create table fee (goz text primary key, title text not null, points int not null);
create table number_kind (code text primary key, title text not null, width int not null);
create table practice (id bigint primary key, name text not null);
create table dentist (practice_id bigint not null references practice, no int not null, name text not null, primary key (practice_id, no));
create table patient (practice_id bigint not null references practice, no int not null, name text not null, primary key (practice_id, no));
create table treatment (practice_id bigint not null, patient_no int not null, day date not null, goz text not null references fee, tooth text, note text not null, primary key (practice_id, patient_no, day, goz),
  foreign key (practice_id, patient_no) references patient (practice_id, no));
-- the last number given out; nobody but the functions below touches it
create table number_counter (practice_id bigint not null references practice, kind text not null references number_kind, year int not null, last bigint not null default 0, remark text,
  primary key (practice_id, kind, year));
create table invoice (practice_id bigint not null, no text not null, patient_no int not null, issued_on date not null default current_date, recipient text not null, primary key (practice_id, no),
  foreign key (practice_id, patient_no) references patient (practice_id, no));
create table invoice_line (practice_id bigint not null, invoice_no text not null, line int not null, goz text references fee, text text not null, amount numeric(10,2) not null, primary key (practice_id, invoice_no, line),
  foreign key (practice_id, invoice_no) references invoice (practice_id, no) on delete cascade);
create table reminder (practice_id bigint not null, no text not null, invoice_no text not null, text text not null, primary key (practice_id, no),
  foreign key (practice_id, invoice_no) references invoice (practice_id, no) on delete cascade);
create table payment (practice_id bigint not null, invoice_no text not null, paid_on date not null, amount numeric(10,2) not null, reference text not null, primary key (practice_id, invoice_no, paid_on),
  foreign key (practice_id, invoice_no) references invoice (practice_id, no) on delete cascade);

create function current_practice() returns bigint language sql stable as $$ select nullif(current_setting('dent.practice', true), '')::bigint $$;

-- without gaps, as the tax office wants it: the row of the counter is locked until the end of the transaction
create function next_number(p_kind text) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_practice bigint := current_practice();
  v_year int := extract(year from current_date);
  v_last bigint;
  v_width int;
begin
  if v_practice is null then raise exception 'no practice chosen' using errcode = '42501'; end if;
  select width into v_width from number_kind where code = p_kind;
  if v_width is null then raise exception 'unknown kind of number' using errcode = '22023'; end if;
  insert into number_counter as c (practice_id, kind, year, last) values (v_practice, p_kind, v_year, 1)
  on conflict (practice_id, kind, year) do update set last = c.last + 1
  returning c.last into v_last;
  return v_year || '-' || lpad(v_last::text, v_width, '0');
end $$;
create function give_number() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if new.practice_id is distinct from current_practice() then raise exception 'not your practice' using errcode = '42501'; end if;
  new.no := next_number(tg_table_name);
  return new;
end $$;
create trigger number before insert on invoice for each row execute function give_number();
create trigger number before insert on reminder for each row execute function give_number();

-- a definer view: the desk may see its own counters, which it has no grant on
create view my_counters with (security_barrier = true) as
  select c.kind, k.title, c.year, c.last, c.remark from number_counter c join number_kind k on k.code = c.kind where c.practice_id = current_practice();

insert into fee values ('0010', 'Examination', 100), ('2080', 'Filling', 556);
insert into number_kind values ('invoice', 'Invoice', 5), ('reminder', 'Reminder', 4);
insert into practice values (71, 'Zahnarzt Amrum'), (72, 'Zahnarzt Baltrum bravo'), (73, 'Zahnarzt Cuxland bravo');
insert into dentist select id, 1, 'Dentist of ' || name from practice;
insert into patient select id, n, 'Patient ' || n || ' of ' || name from practice, generate_series(1, 3) n;
insert into treatment select practice_id, no, '2026-02-17', '2080', '36', 'Filling mod, ' || name from patient;
insert into number_counter select id, k.code, extract(year from current_date)::int, id - 70, 'since the move, ' || name from practice, number_kind k;
alter table invoice disable trigger number;
alter table reminder disable trigger number;
insert into invoice select practice_id, '2025-0000' || no, no, '2025-12-01', name from patient;
insert into reminder select practice_id, '2025-000' || patient_no, no, 'Please pay, ' || recipient from invoice;
alter table invoice enable trigger number;
alter table reminder enable trigger number;
insert into invoice_line select practice_id, no, 1, '2080', 'Filling for ' || recipient, 90 from invoice;
insert into payment select practice_id, no, '2026-01-05', 90, 'thanks, ' || recipient from invoice;

do $$
declare t text;
begin
  foreach t in array array['dentist', 'patient', 'treatment', 'number_counter', 'invoice', 'invoice_line', 'reminder', 'payment'] loop
    execute format('alter table %I enable row level security', t);
    continue when t = 'number_counter';
    execute format('create policy practice on %I using (practice_id = current_practice()) with check (practice_id = current_practice())', t);
    execute format('grant select, insert, update, delete on %I to dentnum_app', t);
  end loop;
end $$;
alter table practice enable row level security;
create policy own on practice for select using (id = current_practice());
grant select on fee, number_kind, practice, my_counters to dentnum_app;
reset role;

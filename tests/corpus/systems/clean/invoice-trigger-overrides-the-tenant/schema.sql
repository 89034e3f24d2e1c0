create role rechnr_owner nologin;
create role rechnr_member nologin;
create role rechnr_rest login noinherit;
grant rechnr_member to rechnr_rest;
create schema billing authorization rechnr_owner;
set role rechnr_owner;
set search_path = billing;

create table fee_item (code text primary key, title text not null, points int not null);
create table tax_rate (code text primary key, percent numeric not null);
create table practice (practice text primary key, name text not null);
create table payer (practice text not null references practice, no int not null, name text not null, iban text, primary key (practice, no));
create table number_range (practice text not null references practice, kind text not null check (kind in ('invoice', 'credit', 'patient')), prefix text not null, last_no int not null default 0, title text not null, primary key (practice, kind));
create table patient (practice text not null references practice, no int not null, full_name text not null, payer_no int not null, primary key (practice, no),
  foreign key (practice, payer_no) references payer (practice, no));
create table invoice (
  practice text not null, no text not null, patient_no int not null, day date not null default '2026-01-31', state text not null default 'draft', remark text,
  primary key (practice, no),
  foreign key (practice, patient_no) references patient (practice, no)
);
create table invoice_line (
  practice text not null, invoice_no text not null, line int not null, item text not null references fee_item, factor numeric not null default 2.3, reason text,
  primary key (practice, invoice_no, line),
  foreign key (practice, invoice_no) references invoice (practice, no) on delete cascade
);
create table payment (practice text not null, invoice_no text not null, received date not null, amount numeric not null, purpose text, primary key (practice, invoice_no, received, amount),
  foreign key (practice, invoice_no) references invoice (practice, no));
create table invoice_history (practice text not null references practice, id uuid not null default gen_random_uuid(), invoice_no text not null, was jsonb not null, at timestamptz not null default now(), primary key (practice, id));

create function my_practice() returns text language sql stable as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'practice'
$$;

-- Old clients send the practice that they were installed for, which may have been sold since. Theirs is what the token says.
create function stamp_practice() returns trigger language plpgsql set search_path = billing, pg_temp as $$
begin
  new.practice := case tg_op when 'INSERT' then my_practice() else old.practice end;
  return new;
end $$;

-- Without gaps within a practice, as the tax office wants it. The range of another is out of reach: it is never named.
create function take_number(of_kind text) returns text language plpgsql security definer set search_path = billing, pg_temp as $$
declare
  taken number_range;
begin
  update number_range r set last_no = r.last_no + 1 where r.practice = my_practice() and r.kind = of_kind returning * into taken;
  if not found then
    raise exception 'no number range for %', of_kind using hint = 'Create one in the settings of the practice.';
  end if;
  return taken.prefix || lpad(taken.last_no::text, 5, '0');
end $$;
create function number_invoice() returns trigger language plpgsql set search_path = billing, pg_temp as $$
begin
  if coalesce(new.no, '') = '' then
    new.no := take_number('invoice');
  end if;
  return new;
end $$;
create function keep_history() returns trigger language plpgsql security definer set search_path = billing, pg_temp as $$
begin
  insert into invoice_history (practice, invoice_no, was) values (old.practice, old.no, to_jsonb(old));
  return null;
end $$;

insert into fee_item values ('1', 'Advice', 80), ('5', 'Examination', 80), ('250', 'Blood sample', 40);
insert into tax_rate values ('0', 0), ('19', 19);
insert into practice values ('linde', 'Dr. Linde'), ('esche', 'Dr. Esche bravo'), ('ulme', 'Dr. Ulme bravo');
insert into payer select practice, 1, 'PVS for ' || name, 'DE02' from practice;
insert into number_range select practice, kind, upper(left(kind, 1)) || '-', 3, kind || 's of ' || name from practice, unnest(array['invoice', 'credit', 'patient']) kind;
insert into patient select practice, n, 'Patient ' || n || ', ' || name, 1 from practice, generate_series(1, 3) n;
insert into invoice select p.practice, r.prefix || '0000' || p.no, p.no, '2026-01-31', 'sent', 'thanks, ' || p.full_name from patient p join number_range r on r.practice = p.practice and r.kind = 'invoice';
insert into invoice_line select practice, no, 1, '1', 2.3, 'long talk, ' || remark from invoice;
insert into payment select practice, no, '2026-02-10', 10.72, 'invoice ' || no || ': ' || remark from invoice;
insert into invoice_history (practice, invoice_no, was) select practice, no, to_jsonb(i) from invoice i;

create trigger a_stamped before insert or update on payer for each row execute function stamp_practice();
create trigger a_stamped before insert or update on patient for each row execute function stamp_practice();
create trigger a_stamped before insert or update on invoice for each row execute function stamp_practice();
create trigger a_stamped before insert or update on invoice_line for each row execute function stamp_practice();
create trigger a_stamped before insert or update on payment for each row execute function stamp_practice();
create trigger b_numbered before insert on invoice for each row execute function number_invoice();
create trigger kept after update or delete on invoice for each row execute function keep_history();

alter table practice enable row level security;
create policy own on practice for select using (practice = my_practice());
do $$
declare t text;
begin
  foreach t in array array['payer', 'number_range', 'patient', 'invoice', 'invoice_line', 'payment', 'invoice_history'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own on %I to rechnr_member using (practice = my_practice())', t);
  end loop;
end $$;

grant usage on schema billing to rechnr_member;
grant select on fee_item, tax_rate, practice, payer, patient, invoice, invoice_line, payment, invoice_history to rechnr_member;
grant insert, update, delete on payer, patient, invoice, invoice_line, payment to rechnr_member;
revoke execute on function take_number(text) from public;
grant execute on function take_number(text) to rechnr_member;
reset role;
reset search_path;

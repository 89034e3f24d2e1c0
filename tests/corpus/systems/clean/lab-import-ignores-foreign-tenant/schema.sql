create role laborin_owner nologin;
create role laborin_app login;
create role laborin_gate login;
alter schema public owner to laborin_owner;
set role laborin_owner;

create table analyte (code text primary key, title text not null, unit text);
create table partner_lab (code text primary key, title text not null);
create table practice (code text primary key, name text not null);
create table partner_account (practice text not null references practice, lab text not null references partner_lab, account_no text not null, remark text, primary key (practice, lab));
create table patient (practice text not null references practice, no int not null, name text not null, born date not null, primary key (practice, no));
create table lab_order (practice text not null, no int not null, patient_no int not null, lab text not null references partner_lab, ordered_on date not null, note text not null, primary key (practice, no),
  foreign key (practice, patient_no) references patient (practice, no));
create table result (practice text not null, lab text not null, external_id text not null, order_no int not null, analyte text not null references analyte, value text not null, remark text, received_at timestamptz not null default now(),
  primary key (practice, lab, external_id),
  foreign key (practice, order_no) references lab_order (practice, no));
create table import_run (practice text not null references practice, id uuid not null default gen_random_uuid(), at timestamptz not null default now(), file text not null, taken int not null, left_over int not null, primary key (practice, id));
create table unmatched (practice text not null references practice, id uuid not null default gen_random_uuid(), line jsonb not null, reason text not null, primary key (practice, id));
-- what came over the line, before it is known whose it is; only the gate writes it
create table raw_message (id uuid primary key default gen_random_uuid(), practice text, at timestamptz not null default now(), content text not null);

create function current_practice() returns text language sql stable as $$ select nullif(current_setting('laborin.practice', true), '') $$;

-- the file names a practice, an order and an id of the laboratory; the practice of the file is not believed
create function import_results(p_file text, p_lines jsonb) returns table (taken int, left_over int)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_practice text := current_practice();
  v_line jsonb;
  v_in result;
  v_taken int := 0;
  v_left int := 0;
begin
  if not exists (select from practice p where p.code = v_practice) then raise exception 'no practice chosen' using errcode = '42501'; end if;
  if jsonb_typeof(p_lines) is distinct from 'array' then raise exception 'not a list of lines' using errcode = '22023'; end if;
  for v_line in select l from jsonb_array_elements(p_lines) l limit 5000 loop
    v_in := jsonb_populate_record(null::result, v_line);
    v_in.practice := v_practice;
    if not exists (select from lab_order o where o.practice = v_practice and o.no = v_in.order_no and o.lab = v_in.lab)
       or not exists (select from analyte a where a.code = v_in.analyte)
       or v_in.external_id is null or v_in.value is null then
      insert into unmatched (practice, line, reason) values (v_practice, v_line, 'no such order or test');
      v_left := v_left + 1;
      continue;
    end if;
    insert into result as r (practice, lab, external_id, order_no, analyte, value, remark)
    values (v_in.practice, v_in.lab, v_in.external_id, v_in.order_no, v_in.analyte, v_in.value, v_in.remark)
    on conflict (practice, lab, external_id) do update set value = excluded.value, remark = excluded.remark, received_at = now()
    where r.order_no = excluded.order_no;
    v_taken := v_taken + 1;
  end loop;
  insert into import_run (practice, file, taken, left_over) values (v_practice, coalesce(p_file, 'without name'), v_taken, v_left);
  return query select v_taken, v_left;
end $$;
create function try_again() returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare v_lines jsonb; v_count int;
begin
  with gone as (delete from unmatched u where u.practice = current_practice() returning u.line) select jsonb_agg(line) into v_lines from gone;
  if v_lines is null then return 0; end if;
  select i.taken into v_count from import_results('again', v_lines) i;
  return v_count;
end $$;

insert into analyte values ('CRP', 'C-reactive protein', 'mg/l'), ('TSH', 'Thyrotropin', 'mU/l');
insert into partner_lab values ('SYN', 'Synlabor'), ('BIO', 'Bioscan');
insert into practice values ('p-arnd', 'Praxis Arndt'), ('p-berg', 'Praxis Berger bravo'), ('p-clas', 'Praxis Clasen bravo');
insert into partner_account select code, 'SYN', 'K-' || right(code, 4), 'contract of ' || name from practice;
insert into patient select code, n, 'Patient ' || n || ' of ' || name, date '1966-06-06' + n from practice, generate_series(1, 3) n;
insert into lab_order select practice, no, no, 'SYN', '2026-02-25', 'fasting, ' || name from patient;
insert into result (practice, lab, external_id, order_no, analyte, value, remark) select practice, lab, 'X' || no, no, 'CRP', '12', 'slightly raised, ' || note from lab_order;
insert into import_run (practice, file, taken, left_over) select code, 'LDT of ' || name, 3, 1 from practice;
insert into unmatched (practice, line, reason) select code, jsonb_build_object('order_no', 77, 'value', 'for ' || name), 'no such order or test' from practice;
insert into raw_message (practice, content) select code, '8000 8201 ' || name from practice;

do $$
declare t text;
begin
  foreach t in array array['partner_account', 'patient', 'lab_order', 'result', 'import_run', 'unmatched'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy practice on %I to laborin_app using (practice = current_practice())', t);
    execute format('grant select on %I to laborin_app', t);
  end loop;
end $$;
alter table practice enable row level security;
create policy own on practice for select to laborin_app using (code = current_practice());
grant select on analyte, partner_lab, practice to laborin_app;
grant insert, update, delete on patient, lab_order, partner_account to laborin_app;
grant delete on unmatched to laborin_app;
grant insert (practice, content) on raw_message to laborin_gate;
revoke execute on function import_results(text, jsonb), try_again() from public;
grant execute on function import_results(text, jsonb), try_again() to laborin_app;
reset role;

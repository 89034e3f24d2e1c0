create role probenweg_owner nologin;
create role probenweg_site nologin;
create role probenweg_app login noinherit;
grant probenweg_site to probenweg_app;
alter schema public owner to probenweg_owner;
revoke create on schema public from public;
set role probenweg_owner;

create table tube_type (code text primary key, colour text not null, title text not null);
create table courier (code text primary key, title text not null);
create table site (id uuid primary key, name text not null);
create table collector (site_id uuid not null references site, no int not null, name text not null, primary key (site_id, no));
create table patient (site_id uuid not null references site, no int not null, name text not null, primary key (site_id, no));
-- printed rolls of barcodes, as bought from the printer: first and last number
create table label_roll (
  site_id uuid not null references site, no int not null, numbers int8range not null check (not isempty(numbers) and not lower_inf(numbers) and not upper_inf(numbers)),
  tube text not null references tube_type, remark text not null, primary key (site_id, no),
  constraint label_roll_numbers exclude using gist (numbers with &&));
create table specimen (
  site_id uuid not null, roll_no int not null, barcode bigint not null, patient_no int not null, collector_no int, drawn_at timestamptz not null default now(), remark text,
  primary key (site_id, barcode), foreign key (site_id, roll_no) references label_roll (site_id, no),
  foreign key (site_id, patient_no) references patient (site_id, no), foreign key (site_id, collector_no) references collector (site_id, no));
create table pickup (site_id uuid not null references site, day date not null, courier text not null references courier, door text not null, primary key (site_id, day));
create table pickup_item (site_id uuid not null, day date not null, barcode bigint not null, remark text, primary key (site_id, day, barcode),
  foreign key (site_id, day) references pickup (site_id, day) on delete cascade, foreign key (site_id, barcode) references specimen (site_id, barcode));
create table reorder (site_id uuid not null references site, id uuid not null default gen_random_uuid(), tube text not null references tube_type, wish text not null, primary key (site_id, id));

insert into tube_type values ('S', 'white', 'Serum'), ('E', 'red', 'EDTA'), ('C', 'green', 'Citrate');
insert into courier values ('MED', 'Medivan'), ('RAD', 'Radkurier');
insert into site values ('5e000000-0000-4000-8000-00000000000a', 'Praxis Linde'), ('5e000000-0000-4000-8000-00000000000b', 'Praxis Ulme bravo'), ('5e000000-0000-4000-8000-00000000000c', 'Praxis Esche bravo');
insert into collector select id, 1, 'MFA of ' || name from site;
insert into patient select id, n, 'Patient ' || n || ' of ' || name from site, generate_series(1, 2) n;
insert into label_roll
  select id, 1, int8range(40000000 + 5000 * (row_number() over (order by id)), 40000000 + 5000 * (row_number() over (order by id)) + 1000), 'S', 'shelf of ' || name from site;
insert into specimen (site_id, roll_no, barcode, patient_no, collector_no, remark)
  select p.site_id, 1, lower(r.numbers) + p.no, p.no, 1, 'fasting, ' || p.name from patient p join label_roll r using (site_id);
insert into pickup select id, '2026-05-04', 'MED', 'back door of ' || name from site;
insert into pickup_item select site_id, '2026-05-04', barcode, 'cooled, ' || remark from specimen;
insert into reorder (site_id, tube, wish) select id, 'E', 'two rolls for ' || name from site;

create function current_site() returns uuid language sql stable as $$
  select (nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'app_metadata' ->> 'site')::uuid
$$;
-- a barcode must come from its roll
create function check_barcode() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if not exists (select from label_roll r where r.site_id = new.site_id and r.no = new.roll_no and r.numbers @> new.barcode) then
    raise exception 'barcode % is not on roll %', new.barcode, new.roll_no;
  end if;
  return new;
end $$;
create trigger check_barcode before insert or update on specimen for each row execute function check_barcode();

do $$
declare t text;
begin
  foreach t in array array['collector', 'patient', 'label_roll', 'specimen', 'pickup', 'pickup_item', 'reorder'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy site on %I to probenweg_site using (site_id = current_site()) with check (site_id = current_site())', t);
  end loop;
end $$;
alter table site enable row level security, force row level security;
create policy own on site for select to probenweg_site using (id = current_site());

create function labels_left(roll int) returns bigint language sql stable set search_path = public, pg_temp as $$
  select upper(r.numbers) - lower(r.numbers) - (select count(*) from specimen s where s.site_id = r.site_id and s.roll_no = r.no)
    from label_roll r where r.site_id = current_site() and r.no = roll
$$;

grant select on all tables in schema public to probenweg_site;
grant insert, update, delete on collector, patient, label_roll, specimen, pickup, pickup_item, reorder to probenweg_site;
reset role;

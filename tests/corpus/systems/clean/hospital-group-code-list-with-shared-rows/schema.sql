create role grpcode_owner nologin;
create role grpcode_app login;
alter schema public owner to grpcode_owner;
set role grpcode_owner;

create table house (id int primary key, parent int references house, name text not null);
create table unit (code text primary key, title text not null);
create function my_house() returns int language sql stable return nullif(current_setting('grp.house', true), '')::int;

-- the signed-in house and everything below it; a head office sees its hospitals, a hospital its wards' houses
create function houses_below() returns int[] language sql stable security definer set search_path = public, pg_temp as $$
  with recursive below as (
    select id from house where id = my_house()
    union
    select h.id from house h join below b on h.parent = b.id
  )
  select coalesce(array_agg(id), '{}') from below
$$;

-- house null: from the head office, for all; the others are a hospital's own
create table service_code (id int not null, house int references house, code text not null, title text not null, unit text not null references unit, internal_remark text);
create unique index service_code_key on service_code (coalesce(house, 0), id);
create unique index service_code_once on service_code (coalesce(house, 0), code);
create table text_block (house int references house, name text not null, body text not null);
create unique index text_block_once on text_block (coalesce(house, 0), name);
create table service_price (house int not null references house, code text not null, cents int not null, agreed_with text not null, primary key (house, code));
create table patient (house int not null references house, no int not null, name text not null, primary key (house, no));
create table stay (house int not null, no int not null, patient_no int not null, reason text not null, primary key (house, no), foreign key (house, patient_no) references patient (house, no));
create table service_done (house int not null, stay_no int not null, line int not null, code text not null, qty int not null, note text not null, primary key (house, stay_no, line),
  foreign key (house, stay_no) references stay (house, no) on delete cascade);
create table discharge_letter (house int not null, stay_no int not null, body text not null, primary key (house, stay_no), foreign key (house, stay_no) references stay (house, no) on delete cascade);

insert into unit values ('MIN', 'minute'), ('PC', 'piece');
insert into house values (1, null, 'Group bravo'), (2, 1, 'Antonius'), (3, 1, 'Barbara bravo'), (4, 1, 'Clara bravo');
insert into service_code values (1, null, 'US', 'Ultrasound', 'MIN', 'valid for all houses'), (2, null, 'XR', 'X-ray', 'PC', 'valid for all houses');
insert into service_code select 1, id, 'LOC' || id, 'Massage at ' || name, 'MIN', 'cheaper for staff of ' || name from house where id > 1;
insert into text_block values (null, 'greeting', 'Dear colleague'), (null, 'closing', 'Kind regards');
insert into text_block select id, 'closing', 'Yours, ' || name from house where id > 1;
insert into service_price select id, 'US', 3000 + id, 'fund, for ' || name from house where id > 1;
insert into patient select id, n, 'Patient ' || n || ' of ' || name from house, generate_series(1, 3) n where id > 1;
insert into stay select house, no, no, 'fall, ' || name from patient;
insert into service_done select house, no, 1, 'US', 15, 'abdomen; ' || reason from stay;
insert into discharge_letter select house, no, 'We treated: ' || reason from stay;

alter table house enable row level security;
create policy below on house for select using (id = any (houses_below()));
do $$
declare t text;
begin
  foreach t in array array['service_price', 'patient', 'stay', 'service_done', 'discharge_letter'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy below on %I for select using (house = any (houses_below()))', t);
    execute format('create policy adds on %I for insert with check (house = my_house())', t);
    execute format('create policy changes on %I for update using (house = my_house())', t);
    execute format('create policy removes on %I for delete using (house = my_house())', t);
  end loop;
  -- shared lists: rows without a house are for all to read and for nobody here to write
  foreach t in array array['service_code', 'text_block'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy reads on %I for select using (house is null or house = any (houses_below()))', t);
    execute format('create policy adds on %I for insert with check (house = my_house())', t);
    execute format('create policy changes on %I for update using (house = my_house()) with check (house = my_house())', t);
    execute format('create policy removes on %I for delete using (house = my_house())', t);
  end loop;
end $$;

-- no foreign key can point to "mine or everyone's": with the rights of who writes, a code of another house does not exist
create function known_code() returns trigger language plpgsql as $$
begin
  if not exists (select from service_code c where c.code = new.code and (c.house is null or c.house = new.house)) then
    raise exception 'unknown code %', new.code using errcode = '23503';
  end if;
  return new;
end $$;
create trigger known_code before insert or update of code on service_done for each row execute function known_code();
create trigger known_code before insert or update of code on service_price for each row execute function known_code();

-- own text before the shared one
create function block(wanted text) returns text language sql stable as $$
  select body from text_block where name = wanted order by house nulls last limit 1
$$;

-- a copy of a shared row to change it
create function adopt_code(wanted text, new_title text) returns void language sql as $$
  insert into service_code (id, house, code, title, unit)
    select coalesce((select max(o.id) from service_code o where o.house = my_house()), 0) + 1, my_house(), c.code, new_title, c.unit
    from service_code c where c.house is null and c.code = wanted
    on conflict do nothing
$$;

grant select on all tables in schema public to grpcode_app;
grant insert, update, delete on service_code, text_block, service_price, patient, stay, service_done, discharge_letter to grpcode_app;
reset role;

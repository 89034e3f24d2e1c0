create role tagpfl_owner nologin;
create role tagpfl_ahorn login;
create role tagpfl_birke login;
create role tagpfl_ceder login;
create schema kern authorization tagpfl_owner;
create schema haus_ahorn authorization tagpfl_owner;
create schema haus_birke authorization tagpfl_owner;
create schema haus_ceder authorization tagpfl_owner;
set role tagpfl_owner;

create table kern.care_level (level int primary key, title text not null);
create table kern.activity (code text primary key, title text not null);
create table kern.release (version text primary key, applied_at timestamptz not null default now());

-- makes or mends the tables of one house; run by the deployment for every house
create function kern.deploy_house(p_house text, p_name text) returns void language plpgsql as $$
declare s text := 'haus_' || p_house;
begin
  execute format('set local search_path = %I, kern', s);
  execute format('create table guest (house text not null default %L check (house = %1$L), no int primary key, name text not null, level int references kern.care_level)', p_house);
  execute format('create table attendance (house text not null default %L check (house = %1$L), guest_no int not null references guest on delete cascade, day date not null, came_at time, remark text, primary key (guest_no, day))', p_house);
  execute format('create table diary (house text not null default %L check (house = %1$L), guest_no int not null references guest on delete cascade, day date not null, activity text not null references kern.activity, entry text not null, primary key (guest_no, day, activity))', p_house);
  execute format('create table transport (house text not null default %L check (house = %1$L), day date not null, tour int not null, driver text not null, primary key (day, tour))', p_house);
  execute format('create table bill (house text not null default %L check (house = %1$L), no int primary key, guest_no int not null references guest, month date not null, recipient text not null, closed boolean not null default false)', p_house);
  insert into guest (no, name, level) select n, 'Guest ' || n || ' of ' || p_name, 2 from generate_series(1, 3) n;
  insert into attendance (guest_no, day, came_at, remark) select no, date '2026-02-09', time '09:00', 'brought by the son, ' || name from guest;
  insert into diary (guest_no, day, activity, entry) select no, date '2026-02-09', 'SING', 'Sang all verses. ' || name from guest;
  insert into transport (day, tour, driver) select date '2026-02-09', n, 'Driver ' || n || ' of ' || p_name from generate_series(1, 2) n;
  insert into bill (no, guest_no, month, recipient) select no, no, date '2026-02-01', 'Family of ' || name from guest;
  execute format('create view present with (security_invoker = true) as select g.no, g.name, a.day, a.came_at from guest g join attendance a on a.guest_no = g.no');
  -- a bill is closed by this alone, the login has no update on the column
  execute format('create function close_bill(p_no int) returns boolean language plpgsql security definer set search_path = %I, pg_temp as %L', s,
    'begin update bill set closed = true where no = p_no and not closed; return found; end');
  execute format('grant usage on schema %I to %I', s, 'tagpfl_' || p_house);
  execute format('grant select on all tables in schema %I to %I', s, 'tagpfl_' || p_house);
  execute format('grant insert, update, delete on %1$I.guest, %1$I.attendance, %1$I.diary, %1$I.transport to %2$I', s, 'tagpfl_' || p_house);
  execute format('grant insert (no, guest_no, month, recipient) on %1$I.bill to %2$I', s, 'tagpfl_' || p_house);
end $$;
revoke execute on function kern.deploy_house(text, text) from public;

insert into kern.care_level values (2, 'Considerable'), (3, 'Severe');
insert into kern.activity values ('SING', 'Singing'), ('COOK', 'Cooking');
insert into kern.release (version) values ('3.4.0'), ('3.5.0');
select kern.deploy_house('ahorn', 'Tagespflege Ahorn');
select kern.deploy_house('birke', 'Tagespflege Birke bravo');
select kern.deploy_house('ceder', 'Tagespflege Ceder bravo');

-- code for all houses: names without a schema, which the search path of the login points to its own
create function kern.present_on(p_day date) returns table (no int, name text, came_at time) language plpgsql stable as
$$ begin return query select p.no, p.name, p.came_at from present p where p.day = p_day order by p.name; end $$;
create function kern.diary_of(p_guest int) returns table (day date, activity text, entry text) language plpgsql stable as
$$ begin return query select d.day, a.title, d.entry from diary d join kern.activity a on a.code = d.activity where d.guest_no = p_guest order by d.day; end $$;
create function kern.table_rows(p_table text) returns bigint language plpgsql stable as $$
declare n bigint;
begin
  execute format('select count(*) from %I.%I', current_schema(), p_table) into n;
  return n;
end $$;
create function kern.any_guest(p_schema text, p_no int) returns text language plpgsql stable as $$
declare v text;
begin
  execute format('select name from %I.guest where no = $1', p_schema) into v using p_no;
  return v;
end $$;

grant usage on schema kern to tagpfl_ahorn, tagpfl_birke, tagpfl_ceder;
grant select on kern.care_level, kern.activity, kern.release to tagpfl_ahorn, tagpfl_birke, tagpfl_ceder;
reset role;
alter role tagpfl_ahorn set search_path = haus_ahorn, kern;
alter role tagpfl_birke set search_path = haus_birke, kern;
alter role tagpfl_ceder set search_path = haus_ceder, kern;

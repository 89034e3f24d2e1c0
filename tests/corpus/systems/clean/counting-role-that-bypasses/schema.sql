create role hebamme_owner nologin;
create role hebamme_app login noinherit;
create role hebamme_any nologin;
create role hebamme_at_auen nologin;
create role hebamme_at_birken nologin;
create role hebamme_at_cedern nologin;
create role hebamme_counting nologin bypassrls;
grant hebamme_any to hebamme_at_auen, hebamme_at_birken, hebamme_at_cedern;
grant hebamme_at_auen, hebamme_at_birken, hebamme_at_cedern to hebamme_app;
alter schema public owner to hebamme_owner;
set role hebamme_owner;

create table service (code text primary key, title text not null, fee numeric(8,2) not null);
create table risk (code text primary key, title text not null);
create table birth_house (code text primary key, name text not null);
create table midwife (house text not null references birth_house, no int not null, name text not null, primary key (house, no));
create table woman (house text not null references birth_house, no int not null, name text not null, due_on date not null, primary key (house, no));
create table woman_risk (house text not null, woman_no int not null, risk text not null references risk, remark text not null, primary key (house, woman_no, risk),
  foreign key (house, woman_no) references woman (house, no) on delete cascade);
create table visit (house text not null, woman_no int not null, day date not null, midwife_no int not null, service text not null references service, note text not null, primary key (house, woman_no, day),
  foreign key (house, woman_no) references woman (house, no) on delete cascade,
  foreign key (house, midwife_no) references midwife (house, no));
create table birth (house text not null, woman_no int not null, at timestamptz not null, course text not null, primary key (house, woman_no),
  foreign key (house, woman_no) references woman (house, no));
create table month_count (house text not null references birth_house, month date not null, visits int not null, births int not null, remark text, primary key (house, month));
create table house_setting (house text not null references birth_house, name text not null, value text not null, primary key (house, name));

-- the role is named after the house
create function house_of(p_role name) returns text language sql immutable as $$ select substring(p_role::text from '^hebamme_at_(.+)$') $$;

insert into service values ('0300', 'Antenatal visit', 35.4), ('1800', 'Postnatal visit', 38.5);
insert into risk values ('GDM', 'Diabetes in pregnancy'), ('TWIN', 'Twins');
insert into birth_house values ('auen', 'Geburtshaus Auen'), ('birken', 'Geburtshaus Birken bravo'), ('cedern', 'Geburtshaus Cedern bravo');
insert into midwife select code, n, 'Midwife ' || n || ' of ' || name from birth_house, generate_series(1, 2) n;
insert into woman select code, n, 'Woman ' || n || ' of ' || name, date '2026-06-01' + n from birth_house, generate_series(1, 3) n;
insert into woman_risk select house, no, 'GDM', 'diet, ' || name from woman;
insert into visit select house, no, '2026-02-20', 1, '0300', 'All well. ' || name from woman;
insert into birth select house, no, '2026-03-01 04:00+00', 'Quick. ' || name from woman where no = 1;
insert into house_setting select code, 'letterhead', name from birth_house;

do $$
declare t text;
begin
  foreach t in array array['midwife', 'woman', 'woman_risk', 'visit', 'birth'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy house on %I to hebamme_any using (house = house_of(current_user)) with check (house = house_of(current_user))', t);
    execute format('grant select, insert, update, delete on %I to hebamme_any', t);
  end loop;
end $$;
alter table month_count enable row level security;
create policy house on month_count for select to hebamme_any using (house = house_of(current_user));
alter table birth_house enable row level security;
create policy own on birth_house for select to hebamme_any using (code = house_of(current_user));
alter table house_setting enable row level security;

-- owner's views: the settings have no policy and no grant, and in a view current_user stays the caller
create view my_settings with (security_barrier = true) as select name, value from house_setting where house = house_of(current_user);
create view due_soon with (security_barrier = true) as
  select w.no, w.name, w.due_on, string_agg(r.risk, ', ') as risks from woman w left join woman_risk r on r.house = w.house and r.woman_no = w.no
  where w.house = house_of(current_user) group by w.no, w.name, w.due_on;

-- counts over all houses for the association; called by the operator at night
create function count_month(p_month date) returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare v_rows int;
begin
  insert into month_count (house, month, visits, births, remark)
  select h.code, p_month,
    (select count(*) from visit v where v.house = h.code and v.day >= p_month and v.day < p_month + interval '1 month'),
    (select count(*) from birth b where b.house = h.code and b.at >= p_month and b.at < p_month + interval '1 month'), h.name
  from birth_house h
  on conflict (house, month) do update set visits = excluded.visits, births = excluded.births;
  get diagnostics v_rows = row_count;
  return v_rows;
end $$;
revoke execute on function count_month(date) from public;

grant select on service, risk, birth_house, month_count, my_settings, due_soon to hebamme_any;
grant select on birth_house, visit, birth, month_count to hebamme_counting;
grant insert, update on month_count to hebamme_counting;
reset role;
alter function count_month(date) owner to hebamme_counting;
select count_month('2026-02-01');

create role mavrik_owner nologin;
create role mavrik_houses nologin;
create role mavrik_ost nologin in role mavrik_houses;
create role mavrik_west nologin in role mavrik_houses;
create role mavrik_sued nologin in role mavrik_houses;
create role mavrik_app login noinherit in role mavrik_ost, mavrik_west, mavrik_sued;
create schema catalog authorization mavrik_owner;
create schema archive authorization mavrik_owner;
set role mavrik_owner;

create table catalog.material (code text primary key, title text not null);
create table catalog.work_step (code text primary key, title text not null, minutes int not null);
insert into catalog.material values ('ZrO2', 'Zirconia'), ('CoCr', 'Cobalt chromium');
insert into catalog.work_step values ('MOD', 'Model', 30), ('CER', 'Ceramics', 90);
grant usage on schema catalog, archive to mavrik_houses;
grant select on all tables in schema catalog to mavrik_houses;

-- years before 2024 were archived by hand, one grant each
create function archive.keep_year(p_house text, p_year int) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare tab text := p_house || '_' || p_year;
begin
  execute format('create table archive.%I as select %L::text as house, j.no, j.patient, j.dentist, s.step, s.remark from %I.job j join %I.job_step s on s.job_no = j.no where extract(year from j.due_on) = %s',
    tab, p_house, p_house, p_house, p_year);
  execute format('alter table archive.%I add primary key (no, step)', tab);
  execute format('grant select on archive.%I to %I', tab, 'mavrik_' || p_house);
  execute format('delete from %I.job where extract(year from due_on) = %s', p_house, p_year);
end $$;
revoke execute on function archive.keep_year from public;
reset role;

do $$
declare h text; label text; s text;
begin
  foreach h in array array['ost', 'west', 'sued'] loop
    label := case h when 'ost' then 'Labor Ost' else 'Labor ' || initcap(h) || ' bravo' end;
    execute format('create schema %I authorization mavrik_owner', h);
    set local role mavrik_owner;
    execute format('create table %I.dentist (no int primary key, name text not null)', h);
    execute format('create table %I.job (no int primary key, patient text not null, dentist int not null, due_on date not null, shade text, foreign key (dentist) references %I.dentist)', h, h);
    execute format('create table %I.job_step (job_no int not null references %I.job on delete cascade, step text not null references catalog.work_step, remark text not null, primary key (job_no, step))', h, h);
    execute format('create table %I.invoice (no int primary key, job_no int not null, cents int not null, text text not null)', h);
    execute format('create view %I.open_job as select no, patient, due_on from %I.job where due_on >= date ''2026-01-01''', h, h);
    execute format('insert into %I.dentist select n, ''Dentist '' || n || '' of '' || %L from generate_series(1, 2) n', h, label);
    execute format('insert into %I.job select n, ''Patient '' || n || '' of '' || %L, 1, make_date(2022 + n, 5, 4), ''A2'' from generate_series(1, 4) n', h, label);
    execute format('insert into %I.job_step select no, ''CER'', ''margin ok, '' || patient from %I.job', h, h);
    execute format('insert into %I.invoice select no, no, 21000, ''crown for '' || patient from %I.job', h, h);
    execute format('grant usage on schema %I to mavrik_%s', h, h);
    execute format('grant select, insert, update, delete on %I.dentist, %I.job, %I.job_step, %I.invoice to mavrik_%s', h, h, h, h, h);
    execute format('grant select on %I.open_job to mavrik_%s', h, h);
    perform archive.keep_year(h, 2023);
    reset role;
  end loop;
end $$;

-- 2025-01: how long what is kept, to be read by every house; the same for what comes after
set role mavrik_owner;
create table archive.retention_rule (what text primary key, years int not null);
insert into archive.retention_rule values ('job', 10), ('invoice', 8);
grant select on archive.retention_rule to mavrik_houses;
alter default privileges in schema archive grant select on tables to mavrik_houses;

select archive.keep_year(h, 2024) from unnest(array['ost', 'west', 'sued']) h;
reset role;

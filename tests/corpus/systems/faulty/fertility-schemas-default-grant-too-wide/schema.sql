create role fertsc_owner nologin;
create role fertsc_all nologin;
create role fertsc_alma login;
create role fertsc_borea login;
create role fertsc_cyra login;
grant fertsc_all to fertsc_alma, fertsc_borea, fertsc_cyra;

create schema shared authorization fertsc_owner;
create schema alma authorization fertsc_owner;
create schema borea authorization fertsc_owner;
create schema cyra authorization fertsc_owner;
set role fertsc_owner;

-- one login for each clinic; the types of a clinic's schema are looked up by the driver when it starts
grant usage on schema shared, alma, borea, cyra to fertsc_all;

create table shared.drug (code text primary key, title text not null);
create table shared.stage (day int not null, code text not null, title text not null, primary key (day, code));
grant select on shared.drug, shared.stage to fertsc_all;

create function shared.age_on(born date, day date) returns int language sql immutable return extract(year from age(day, born))::int;

create type alma.cycle_state as enum ('planned', 'stimulation', 'pick-up', 'transfer', 'closed');
create type borea.cycle_state as enum ('planned', 'stimulation', 'pick-up', 'transfer', 'closed');
create type cyra.cycle_state as enum ('planned', 'stimulation', 'pick-up', 'transfer', 'closed');

do $$
declare h text;
begin
  foreach h in array array['alma', 'borea', 'cyra'] loop
    execute format('create table %1$I.couple (house text not null default %1$L check (house = %1$L), no int primary key, names text not null, phone text)', h);
    execute format('create table %1$I.cycle (house text not null default %1$L check (house = %1$L), couple_no int not null references %1$I.couple, no int not null,
      state %1$I.cycle_state not null, note text not null, primary key (couple_no, no))', h);
    execute format('create table %1$I.embryo (house text not null default %1$L check (house = %1$L), couple_no int not null, cycle_no int not null, letter text not null, grade text not null,
      tank text not null, primary key (couple_no, cycle_no, letter), foreign key (couple_no, cycle_no) references %1$I.cycle)', h);
    execute format('create table %1$I.donor (house text not null default %1$L check (house = %1$L), code text primary key, name text not null)', h);
    execute format('create view %1$I.open_cycle as select c.house, c.names, y.no, y.state, y.note from %1$I.couple c join %1$I.cycle y on y.couple_no = c.no where y.state <> ''closed''', h);
    execute format('create function %1$I.close_cycle(couple int, cycle int) returns void language sql as %2$L', h,
      format('update %I.cycle set state = ''closed'' where couple_no = $1 and no = $2', h));
    execute format('revoke execute on function %1$I.close_cycle(int, int) from public', h);
    execute format('grant execute on function %1$I.close_cycle(int, int) to %2$I', h, 'fertsc_' || h);
    execute format('grant select, insert, update, delete on %1$I.couple, %1$I.cycle, %1$I.embryo, %1$I.donor to %2$I', h, 'fertsc_' || h);
    execute format('grant select on %1$I.open_cycle to %2$I', h, 'fertsc_' || h);
  end loop;
end $$;

-- release 7: new lists in the shared schema are readable by every clinic from the start
alter default privileges grant select on tables to fertsc_all;

create table shared.consent_kind (code text primary key, title text not null);

do $$
declare h text;
begin
  foreach h in array array['alma', 'borea', 'cyra'] loop
    execute format('create table %1$I.consent (house text not null default %1$L check (house = %1$L), couple_no int not null references %1$I.couple,
      kind text not null references shared.consent_kind, signed_on date not null, wording text not null, primary key (couple_no, kind))', h);
    execute format('grant insert, update, delete on %1$I.consent to %2$I', h, 'fertsc_' || h);
  end loop;
end $$;

insert into shared.drug values ('FSH', 'Follitropin'), ('HCG', 'Choriogonadotropin');
insert into shared.stage values (1, 'US', 'Ultrasound'), (12, 'PU', 'Pick-up');
insert into shared.consent_kind values ('FRZ', 'Freezing'), ('DON', 'Donation');
do $$
declare h text; label text;
begin
  for h, label in values ('alma', 'Alma'), ('borea', 'Borea bravo'), ('cyra', 'Cyra bravo') loop
    execute format('insert into %I.couple (no, names, phone) select n, %2$L || n, %3$L from generate_series(1, 3) n', h, 'Couple at ' || label || ' ', '030 ' || label);
    execute format('insert into %I.cycle (couple_no, no, state, note) select no, 1, ''stimulation'', ''poor response, '' || names from %1$I.couple', h);
    execute format('insert into %I.embryo (couple_no, cycle_no, letter, grade, tank) select couple_no, no, ''A'', ''4AB'', ''tank 3, '' || note from %1$I.cycle', h);
    execute format('insert into %I.donor (code, name) values (''D1'', %2$L)', h, 'Donor of ' || label);
    execute format('insert into %I.consent (couple_no, kind, signed_on, wording) select no, ''FRZ'', ''2026-01-09'', ''keep for ten years, '' || names from %1$I.couple', h);
  end loop;
end $$;
reset role;

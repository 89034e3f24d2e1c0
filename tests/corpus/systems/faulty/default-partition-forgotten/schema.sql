create role dpf_owner nologin;
create role dpf_app login;
alter schema public owner to dpf_owner;
set role dpf_owner;
create table reading (unit int not null, bed int not null, at timestamptz not null, note text, primary key (unit, bed, at)) partition by list (unit);
create table reading_1 partition of reading for values in (1);
create table reading_2 partition of reading for values in (2);
create table reading_rest partition of reading default;
insert into reading values (1, 1, '2026-01-01Z', 'ok'), (7, 1, '2026-01-01Z', 'bravo');
do $$
declare t regclass;
begin
  foreach t in array array['reading', 'reading_1', 'reading_2']::regclass[] loop
    execute format('alter table %s enable row level security, force row level security', t);
    execute format($p$create policy unit on %s using (unit = (select nullif(current_setting('d.unit', true), '')::int))$p$, t);
  end loop;
end $$;
grant select, insert on reading to dpf_app;
grant select on reading_1, reading_2, reading_rest to dpf_app;
reset role;

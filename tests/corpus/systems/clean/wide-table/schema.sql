create role wide_owner nologin;
create role wide_app login;
alter schema public owner to wide_owner;
set role wide_owner;
do $$
declare cols text;
begin
  select string_agg(format('q%s %s', i, (array['text', 'int', 'boolean', 'date', 'numeric(6,2)', 'jsonb', 'text[]', 'uuid'])[1 + i % 8]), ', ') into cols from generate_series(1, 78) i;
  execute 'create table assessment (unit int not null, no int not null, ' || cols || ', primary key (unit, no))';
end $$;
insert into assessment (unit, no, q8, q16) values (1, 1, 'ok', 'ok'), (2, 1, 'bravo', 'bravo');
alter table assessment enable row level security, force row level security;
create policy unit on assessment using (unit = (select nullif(current_setting('w.unit', true), '')::int));
grant select, insert, update, delete on assessment to wide_app;
reset role;

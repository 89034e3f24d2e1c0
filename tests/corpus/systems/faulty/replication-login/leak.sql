-- truth
select rolreplication and exists (select from pg_publication where puballtables) from pg_roles where rolname = 'repl_app';

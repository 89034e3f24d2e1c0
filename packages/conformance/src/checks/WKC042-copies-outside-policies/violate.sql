create table wk_log (id bigint generated always as identity primary key, row jsonb);
create function wk_log() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$begin insert into public.wk_log (row) values (to_jsonb(new)); return new; end$$;
create trigger wk_log after insert or update on visit for each row execute function wk_log();
grant select on wk_log to :"app";

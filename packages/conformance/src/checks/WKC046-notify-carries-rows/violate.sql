create function wk_tell() returns trigger language plpgsql as $$begin perform pg_notify('visits', row_to_json(new)::text); return new; end$$;
create trigger wk_tell after insert on visit for each row execute function wk_tell();

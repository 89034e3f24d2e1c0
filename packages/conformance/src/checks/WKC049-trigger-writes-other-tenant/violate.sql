create function wk_renumber() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update patient set name = name || '.' where mrn <> '';
  return new;
end $$;
alter table patient no force row level security;
create trigger wk_renumber before insert on visit for each row execute function wk_renumber();

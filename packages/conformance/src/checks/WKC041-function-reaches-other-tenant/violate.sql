create function wk_visit(p_visit_id int) returns visit language sql security definer set search_path = pg_catalog, pg_temp as $$select * from public.visit where id = p_visit_id$$;

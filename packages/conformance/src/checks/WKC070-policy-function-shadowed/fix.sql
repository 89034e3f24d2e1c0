alter function wk_mine() set search_path = public, pg_temp;

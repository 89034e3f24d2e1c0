create function wk_cur() returns int language sql immutable as $$select nullif(current_setting('app.branch', true), '')::int$$;
create policy q on visit as restrictive using (branch_id = wk_cur());

create function wk_kept() returns int language plpgsql volatile as $$begin if coalesce(current_setting('app.branch', true), '') <> '' then perform set_config('app.kept', current_setting('app.branch'), false); end if; return nullif(current_setting('app.kept', true), '')::int; end$$;
drop policy p on visit;
create policy p on visit using (branch_id = (select wk_kept()));

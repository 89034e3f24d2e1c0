drop policy p on visit;
create policy p on visit using (branch_id::text like current_setting('app.branch', true) || '%');

drop policy p on visit;
create policy p on visit using (branch_id = (select nullif(current_setting('app.branch', true), '')::int));

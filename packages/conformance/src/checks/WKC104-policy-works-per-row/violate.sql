drop policy p on visit;
create policy p on visit using (branch_id = nullif(current_setting('app.branch', true), '')::int);

drop policy p on visit;
create policy p on visit using (branch_id in (
  nullif(current_setting('app.branch', true), '')::int, nullif(current_setting('app.covers', true), '')::int));

create policy passed on visit for select using (id = nullif(current_setting('app.visit_pass', true), '')::int);

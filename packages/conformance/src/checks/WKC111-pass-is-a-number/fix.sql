alter table visit add column pass uuid not null default gen_random_uuid();
alter policy passed on visit using (pass::text = current_setting('app.visit_pass', true));

alter table visit force row level security;

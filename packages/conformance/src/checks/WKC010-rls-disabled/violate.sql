alter table visit disable row level security;

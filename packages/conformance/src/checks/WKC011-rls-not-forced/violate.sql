alter table visit no force row level security;

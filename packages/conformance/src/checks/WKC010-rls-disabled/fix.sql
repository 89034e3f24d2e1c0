alter table visit enable row level security;

drop trigger wk_renumber on visit;
drop function wk_renumber();
alter table patient force row level security;

create role kpt_owner nologin;
create role kpt_app login;
alter schema public owner to kpt_owner;
set role kpt_owner;
create table plan (branch uuid not null, no int not null, patient text not null, exercise text, primary key (branch, no));
insert into plan values ('0190aaaa-0000-7000-8000-00000000000a', 1, 'Thara', 'stretch'), ('0190bbbb-0000-7000-8000-00000000000b', 1, 'Bo bravo', 'bravo squat');
create function keep_branch() returns trigger language plpgsql as $$ begin new.branch := old.branch; return new; end $$;
create trigger keep_branch before update on plan for each row execute function keep_branch();
create function own_branch() returns trigger language plpgsql as $$
begin
  if new.branch is distinct from nullif(current_setting('kpt.branch', true), '')::uuid then
    raise exception 'the plan is of another branch' using errcode = '23514';
  end if;
  return null;
end $$;
create constraint trigger own_branch after insert or update on plan deferrable initially deferred for each row execute function own_branch();
alter table plan enable row level security, force row level security;
create policy see on plan for select using (branch = (select nullif(current_setting('kpt.branch', true), '')::uuid));
create policy change on plan for update using (branch = (select nullif(current_setting('kpt.branch', true), '')::uuid)) with check (true);
create policy enter on plan for insert with check (true);
grant select, insert, update on plan to kpt_app;
reset role;

create role ses_owner nologin;
create role ses_app login;
alter schema public owner to ses_owner;
set role ses_owner;
create table letter (owner_user text not null, no int not null, body text not null, primary key (owner_user, no));
insert into letter values ('u1', 1, 'dear'), ('u2', 1, 'bravo dear');
create function resolved_user() returns text language plpgsql volatile as $$
begin
  if coalesce(current_setting('s.resolved', true), '') = '' then
    perform set_config('s.resolved', coalesce(current_setting('s.user', true), ''), false);
  end if;
  return nullif(current_setting('s.resolved', true), '');
end $$;
alter table letter enable row level security, force row level security;
create policy mine on letter using (owner_user = (select resolved_user()));
grant select, insert on letter to ses_app;
reset role;

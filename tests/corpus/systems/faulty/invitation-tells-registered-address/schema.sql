create role einladung_owner nologin;
create role einladung_signup nologin;
create role einladung_api login;
alter schema public owner to einladung_owner;
revoke create on schema public from public;
set role einladung_owner;

create table job (code text primary key, title text not null);
create table permission (code text primary key, title text not null);
create table job_permission (job text not null references job, permission text not null references permission, primary key (job, permission));
create table company (slug text primary key, name text not null, plan text not null);
-- One address, one account: whoever changes jobs takes it along. The sign-up service keeps to it; nobody else writes here.
create table account (company text not null references company, email text not null, full_name text not null, job text not null references job, password_hash text not null,
  primary key (company, email));
create table invitation (
  company text not null references company, email text not null check (email = lower(email)), job text not null references job, invited_by text not null,
  state text not null default 'open' check (state in ('open', 'accepted', 'withdrawn')), sent_at timestamptz not null default now(),
  primary key (company, email)
);
create table client (company text not null references company, no int not null, full_name text not null, allergies text, primary key (company, no));
create table consultation (company text not null, client_no int not null, at timestamptz not null, email text not null, minutes text not null, primary key (company, client_no, at),
  foreign key (company, client_no) references client (company, no) on delete cascade);
create table team (company text not null references company, name text not null, remark text, primary key (company, name));
create table team_member (company text not null, team text not null, email text not null, duty text, primary key (company, team, email),
  foreign key (company, team) references team (company, name) on delete cascade,
  foreign key (company, email) references account (company, email));
create table mail_outbox (company text not null references company, id uuid not null default gen_random_uuid(), recipient text not null, body text not null, primary key (company, id));

create function claims() returns jsonb language sql stable as $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;
create function my_company() returns text language sql stable as $$ select claims() ->> 'company' $$;

create view colleague with (security_barrier) as
  select a.company, a.email, a.full_name, j.title as job from account a join job j on j.code = a.job where a.company = my_company();

create function invite_colleague(address text, as_job text) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare
  wanted text := lower(trim(address));
begin
  if my_company() is null then
    raise exception 'sign in first' using errcode = '42501';
  end if;
  if exists (select from account a where a.email = wanted and a.company = my_company()) then
    return 'works here already';
  end if;
  if exists (select from account a where a.email = wanted) then
    return 'has an account already';
  end if;
  insert into invitation (company, email, job, invited_by) values (my_company(), wanted, as_job, coalesce(claims() ->> 'email', '?'))
    on conflict (company, email) do update set state = 'open', job = excluded.job, sent_at = now();
  insert into mail_outbox (company, recipient, body)
    select c.slug, wanted, c.name || ' invites you' from company c where c.slug = my_company();
  return 'invited';
end $$;

create function withdraw_invitation(address text) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update invitation i set state = 'withdrawn' where i.company = my_company() and i.email = lower(trim(address)) and i.state = 'open';
  return found;
end $$;

insert into job values ('psy', 'Psychologist'), ('adm', 'Office');
insert into permission values ('client.read', 'See clients'), ('client.write', 'Change clients');
insert into job_permission select j.code, p.code from job j, permission p;
insert into company values ('seelenruh', 'Seelenruh', 'team'), ('mindwell', 'Mindwell bravo', 'solo'), ('talkroom', 'Talkroom bravo', 'team');
insert into account select slug, 'anna@' || slug || '.example', 'Anna of ' || name, 'psy', '$2b$12$' || md5(slug) from company;
insert into account select slug, 'karl@' || slug || '.example', 'Karl of ' || name, 'adm', '$2b$12$' || md5(name) from company;
insert into invitation select slug, 'new@' || slug || '.example', 'adm', 'Anna of ' || name from company;
insert into client select slug, n, 'Client ' || n || ' of ' || name, 'none, ' || name from company, generate_series(1, 3) n;
insert into consultation select company, no, '2026-03-03 10:00+00', 'anna@' || company || '.example', 'spoke about work, ' || full_name from client;
insert into team select slug, 'day', 'day clinic of ' || name from company;
insert into team_member select slug, 'day', 'anna@' || slug || '.example', 'leads the groups of ' || name from company;
insert into mail_outbox (company, recipient, body) select slug, 'new@' || slug || '.example', name || ' invites you' from company;

alter table company enable row level security;
create policy own on company for select using (slug = my_company());
do $$
declare t text;
begin
  foreach t in array array['account', 'invitation', 'client', 'consultation', 'team', 'team_member', 'mail_outbox'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy company on %I to einladung_api using (company = my_company())', t);
  end loop;
end $$;
create policy signs_up on account to einladung_signup using (true);

grant select on job, permission, job_permission, company, invitation, client, consultation, team, team_member, colleague to einladung_api;
grant insert, update, delete on client, consultation, team, team_member to einladung_api;
grant select, insert, update on account to einladung_signup;
revoke execute on function invite_colleague(text, text), withdraw_invitation(text) from public;
grant execute on function invite_colleague(text, text), withdraw_invitation(text) to einladung_api;
reset role;

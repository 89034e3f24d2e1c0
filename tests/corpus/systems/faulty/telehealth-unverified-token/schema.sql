create role tok_owner nologin;
create role tok_app login;
alter schema public owner to tok_owner;
set role tok_owner;
create table session_note (tenant int not null, no int not null, patient text not null, body text, primary key (tenant, no));
insert into session_note values (41, 1, 'Deepa', 'ok'), (42, 1, 'Luke bravo', 'bravo self-harm');
create function token_tenant() returns int language sql stable set search_path = pg_catalog, pg_temp as $$
  select (convert_from(decode(rpad(translate(p, '-_', '+/'), ((length(p) + 3) / 4) * 4, '='), 'base64'), 'utf8')::jsonb ->> 'tenant')::int
    from split_part(nullif(current_setting('app.token', true), ''), '.', 1) as p
$$;
alter table session_note enable row level security, force row level security;
create policy tenant on session_note using (tenant = (select token_tenant()));
grant select, insert, update, delete on session_note to tok_app;
reset role;

create role tsun_owner nologin;
create role tsun_app login;
alter schema public owner to tsun_owner;
set role tsun_owner;
create table signing_key (secret text not null);
create table member (usr text not null, clinic text not null, primary key (usr, clinic));
create table ecg (clinic text not null, no int not null, patient text not null, rhythm text, primary key (clinic, no));
insert into signing_key values ('k9!');
insert into member values ('asha', 'heart-1'), ('bina', 'heart-2');
insert into ecg values ('heart-1', 1, 'Anila', 'sinus'), ('heart-2', 1, 'Bharathi bravo', 'bravo flutter');
create function clinic_of_token() returns text language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  token text := nullif(current_setting('tsun.token', true), '');
  who text := split_part(token, '.', 1);
begin
  if md5((select secret from public.signing_key) || who) is distinct from split_part(token, '.', 2) then
    return null;
  end if;
  if not exists (select from public.member m where m.usr = who) then
    return null;
  end if;
  return nullif(current_setting('tsun.clinic', true), '');
end $$;
alter table ecg enable row level security, force row level security;
create policy clinic on ecg using (clinic = (select clinic_of_token()));
grant select, insert on ecg to tsun_app;
reset role;

create role tkoc_owner nologin;
create role tkoc_app login;
alter schema public owner to tkoc_owner;
set role tkoc_owner;
create table token_counter (hospital_id bigint primary key, last bigint not null, remark text);
create table opd_token (id bigint generated always as identity, hospital_id bigint not null, token bigint not null default 0, patient text not null, counter text, primary key (hospital_id, token), unique (hospital_id, id));
insert into token_counter values (9101, 1, 'first floor'), (9102, 2, 'bravo floor');
insert into opd_token (hospital_id, token, patient, counter) values (9101, 1, 'Arasi', '1'), (9102, 1, 'Bhavna bravo', '1'), (9102, 2, 'Bina bravo', '2');
create function next_token() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.token_counter set last = last + 1 where hospital_id = new.hospital_id returning last into new.token;
  return new;
end $$;
create trigger next_token before insert on opd_token for each row execute function next_token();
alter table token_counter enable row level security, force row level security;
create policy counting on token_counter to tkoc_owner using (true);
alter table opd_token enable row level security, force row level security;
create policy hospital on opd_token using (hospital_id = (select nullif(current_setting('tkoc.hospital', true), '')::bigint));
revoke execute on function next_token() from public;
grant select, insert on opd_token to tkoc_app;
reset role;

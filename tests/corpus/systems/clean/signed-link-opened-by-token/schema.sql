create role slo_owner nologin;
create role slo_app login;
alter schema public owner to slo_owner;
set role slo_owner;
create table report (lab text not null, report_no int not null, patient text not null, result text not null, primary key (lab, report_no));
create table share_link (lab text not null, report_no int not null, token_digest bytea not null, expires_at timestamptz not null, sent_to text,
  primary key (lab, report_no), foreign key (lab, report_no) references report);
insert into report values ('LX', 1, 'Asha', 'negative'), ('LY', 1, 'Bela bravo', 'positive');
insert into share_link values
  ('LX', 1, sha256(convert_to('x-5b1e' || gen_random_uuid(), 'UTF8')), '2199-01-01', 'Asha'), ('LY', 1, sha256(convert_to('y-93ac' || gen_random_uuid(), 'UTF8')), '2199-01-01', 'Bela bravo');
create function open_link(token text) returns table (patient text, result text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select r.patient, r.result from public.share_link l join public.report r on (r.lab, r.report_no) = (l.lab, l.report_no)
   where l.token_digest = sha256(convert_to(token, 'UTF8')) and l.expires_at > now()
$$;
revoke execute on function open_link(text) from public;
grant execute on function open_link(text) to slo_app;
alter table report enable row level security;
alter table share_link enable row level security;
create policy lab on report using (lab = (select nullif(current_setting('lab.code', true), '')));
create policy lab on share_link for select using (lab = (select nullif(current_setting('lab.code', true), '')));
grant select, insert, update, delete on report to slo_app;
grant select (lab, report_no, expires_at) on share_link to slo_app;
reset role;

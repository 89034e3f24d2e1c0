create role ntf_owner nologin;
create role ntf_app login;
alter schema public owner to ntf_owner;
set role ntf_owner;
create table queue (clinic int not null, token_no int not null, patient text not null, room text, primary key (clinic, token_no));
insert into queue values (1, 1, 'Amudha', '1'), (2, 1, 'Rex bravo', 'bravo 2');
create function tell_display() returns trigger language plpgsql as $$
begin
  perform pg_notify('queue_changed', row_to_json(new)::text);
  return null;
end $$;
create trigger tell_display after insert or update on queue for each row execute function tell_display();
alter table queue enable row level security, force row level security;
create policy clinic on queue using (clinic = (select nullif(current_setting('q.clinic', true), '')::int));
grant select, insert on queue to ntf_app;
reset role;

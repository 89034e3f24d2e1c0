create role whk_owner nologin;
create role whk_api login;
alter schema public owner to whk_owner;
set role whk_owner;
create table lab (lab_id int primary key, name text not null);
create table lab_order (lab_id int not null references lab, order_no int not null, patient text not null, test text not null, primary key (lab_id, order_no));
create table lab_result (
  lab_id int not null, order_no int not null, analyte text not null, value text not null, status text not null default 'prelim',
  primary key (lab_id, order_no, analyte), foreign key (lab_id, order_no) references lab_order);
create table webhook (lab_id int not null references lab, hook_no int not null, event text not null, url text not null, active boolean not null default true, primary key (lab_id, hook_no));
create table webhook_delivery (
  lab_id int not null, hook_no int not null, delivery_id uuid not null default gen_random_uuid(), event text not null, payload jsonb not null,
  attempts int not null default 0, delivered_at timestamptz, primary key (lab_id, hook_no, delivery_id), foreign key (lab_id, hook_no) references webhook);
insert into lab values (61, 'Amber Path Labs'), (62, 'Bravo Path Labs bravo');
insert into lab_order values (61, 1, 'Alok Sen', 'CBC'), (62, 1, 'Bipasha bravo', 'HIV 1/2'), (62, 2, 'Biswajit bravo', 'HbA1c');
insert into lab_result values (61, 1, 'Hb', '13.1', 'final'), (62, 1, 'HIV', 'sent to reference lab bravo', 'prelim');
create function my_lab() returns int language sql stable as
$$ select (nullif(current_setting('request.jwt.claims', true), '')::json #>> '{app_metadata,lab}')::int $$;
create function queue_webhooks() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if new.status = 'final' then
    insert into public.webhook_delivery (lab_id, hook_no, event, payload)
    select h.lab_id, h.hook_no, h.event,
           jsonb_build_object('order', new.order_no, 'analyte', new.analyte, 'value', new.value,
             'patient', (select o.patient from public.lab_order o where o.lab_id = new.lab_id and o.order_no = new.order_no))
      from public.webhook h
     where h.event = 'result.final' and h.active;
  end if;
  return null;
end $$;
create trigger queue_webhooks after insert or update of status on lab_result for each row execute function queue_webhooks();
insert into webhook values (61, 1, 'result.final', 'https://hooks.amber.example/lims'), (62, 1, 'order.created', 'https://his.example/bravo');
insert into webhook_delivery (lab_id, hook_no, event, payload) values (61, 1, 'result.final', '{"order": 1, "analyte": "Hb", "value": "13.1", "patient": "Alok Sen"}'),
  (62, 1, 'order.created', '{"order": 2, "patient": "Biswajit bravo"}');
alter table lab enable row level security;
alter table lab_order enable row level security;
alter table lab_result enable row level security;
alter table webhook enable row level security;
alter table webhook_delivery enable row level security;
create policy lab on lab for select using (lab_id = (select my_lab()));
create policy lab on lab_order using (lab_id = (select my_lab()));
create policy lab on lab_result using (lab_id = (select my_lab()));
create policy lab on webhook using (lab_id = (select my_lab()));
create policy lab on webhook_delivery using (lab_id = (select my_lab()));
revoke execute on function queue_webhooks() from public;
grant select on lab to whk_api;
grant select, insert, update on lab_order, lab_result to whk_api;
grant select, insert, update, delete on webhook to whk_api;
grant select on webhook_delivery to whk_api;
grant update (attempts, delivered_at) on webhook_delivery to whk_api;
reset role;

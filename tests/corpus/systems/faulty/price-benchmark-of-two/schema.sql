create role pbot_owner nologin;
create role pbot_app login;
alter schema public owner to pbot_owner;
set role pbot_owner;
create table tariff (lab_id uuid not null, test text not null, price numeric not null, remark text, primary key (lab_id, test));
insert into tariff values
  ('82000000-0000-4000-8000-000000000001', 'CBC', 200, 'walk-in'), ('82000000-0000-4000-8000-000000000002', 'CBC', 340, 'bravo corporate'),
  ('82000000-0000-4000-8000-000000000001', 'TSH', 400, 'walk-in');
alter table tariff enable row level security;
create policy lab on tariff using (lab_id = (select nullif(current_setting('pbot.lab', true), '')::uuid));
create view price_benchmark as select test, avg(price)::int as average, count(*) as labs from tariff group by test;
grant select, insert, update on tariff to pbot_app;
grant select on price_benchmark to pbot_app;
reset role;

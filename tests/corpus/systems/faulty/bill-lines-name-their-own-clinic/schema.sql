create role bln_owner nologin;
create role bln_web login;
alter schema public owner to bln_owner;
set role bln_owner;

create table tariff (item_code text primary key, label text not null, gst numeric(4,2) not null);
create table patient (clinic_id uuid not null, no int not null, name text not null, primary key (clinic_id, no));
create table bill (
  clinic_id uuid not null, bill_no int not null, patient_no int not null, billed_on date not null default current_date,
  remark text,
  primary key (clinic_id, bill_no),
  foreign key (clinic_id, patient_no) references patient
);
create table bill_line (
  clinic_id uuid not null, bill_no int not null, line int not null,
  item text, qty int, rate numeric(10,2),
  primary key (clinic_id, bill_no, line),
  foreign key (clinic_id, bill_no) references bill
);

insert into tariff values ('CONS', 'Consultation', 0), ('DRS', 'Dressing', 5);
insert into patient values ('5c1d7a30-1111-4b1b-9f00-aaaaaaaaaaa1', 1, 'Amit'), ('5c1d7a30-2222-4b1b-9f00-bbbbbbbbbbb2', 1, 'Bhavna bravo');
insert into bill values ('5c1d7a30-1111-4b1b-9f00-aaaaaaaaaaa1', 1, 1, '2026-11-02', null), ('5c1d7a30-2222-4b1b-9f00-bbbbbbbbbbb2', 1, 1, '2026-11-03', 'bravo insurance');
insert into bill_line values
  ('5c1d7a30-1111-4b1b-9f00-aaaaaaaaaaa1', 1, 1, 'Consultation', 1, 500),
  ('5c1d7a30-2222-4b1b-9f00-bbbbbbbbbbb2', 1, 1, 'MTP counselling bravo', 1, 1500);

create function my_clinic() returns uuid language sql stable as $$ select nullif(current_setting('bln.clinic', true), '')::uuid $$;

alter table patient enable row level security;
alter table bill enable row level security;
alter table bill_line enable row level security;
create policy own on patient using (clinic_id = (select my_clinic()));
create policy own on bill using (clinic_id = (select my_clinic()));
create policy own on bill_line using (clinic_id = (select my_clinic()));

-- head and lines in one round trip; fields that the client leaves out keep their value
create function save_bill(doc jsonb) returns setof bill_line
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if (doc ->> 'clinic_id')::uuid is distinct from public.my_clinic() or public.my_clinic() is null then
    raise exception 'bill of another clinic' using errcode = 'insufficient_privilege';
  end if;
  insert into public.bill as b (clinic_id, bill_no, patient_no, remark)
  values ((doc ->> 'clinic_id')::uuid, (doc ->> 'bill_no')::int, (doc ->> 'patient_no')::int, doc ->> 'remark')
  on conflict (clinic_id, bill_no) do update set remark = coalesce(excluded.remark, b.remark);

  return query
  insert into public.bill_line as l (clinic_id, bill_no, line, item, qty, rate)
  select r.clinic_id, r.bill_no, r.line, r.item, r.qty, r.rate
    from jsonb_populate_recordset(null::public.bill_line, doc -> 'lines') r
  on conflict (clinic_id, bill_no, line) do update
    set item = coalesce(excluded.item, l.item), qty = coalesce(excluded.qty, l.qty), rate = coalesce(excluded.rate, l.rate)
  returning l.*;
end $$;
revoke execute on function save_bill(jsonb) from public;

grant select on tariff, bill, bill_line to bln_web;
grant select, insert, update on patient to bln_web;
grant execute on function save_bill(jsonb) to bln_web;
reset role;

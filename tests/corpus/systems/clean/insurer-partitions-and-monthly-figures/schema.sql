create role ipmf_owner nologin;
create role ipmf_app login;
create schema ins authorization ipmf_owner;
create schema ins_parts authorization ipmf_owner;
set role ipmf_owner;
set search_path = ins;

create table insurer (insurer_id uuid primary key, name text not null);
create table tariff (code text primary key, title text not null);
create table diagnosis (icd text primary key, title text not null);
create table policy_holder (insurer_id uuid not null references insurer, holder_no int not null, name text not null, tariff text not null references tariff, primary key (insurer_id, holder_no));
-- One partition per insurer. The partitions have no policies of their own: nobody but the owner has a right on them.
create table claim (
  insurer_id uuid not null references insurer,
  claim_no int not null,
  holder_no int not null,
  icd text references diagnosis,
  claimed_on date not null default current_date,
  amount numeric(10,2) not null check (amount >= 0),
  remark text,
  primary key (insurer_id, claim_no),
  foreign key (insurer_id, holder_no) references policy_holder
) partition by list (insurer_id);
create table ins_parts.claim_1 partition of claim for values in ('1a000000-0000-4000-8000-000000000001');
create table ins_parts.claim_2 partition of claim for values in ('1a000000-0000-4000-8000-000000000002');
create table ins_parts.claim_3 partition of claim for values in ('1a000000-0000-4000-8000-000000000003');
create table claim_document (insurer_id uuid not null, claim_no int not null, document_no int not null, title text not null, body text, primary key (insurer_id, claim_no, document_no), foreign key (insurer_id, claim_no) references claim on delete cascade);
create table claim_counter (insurer_id uuid primary key references insurer, last_no int not null, remark text);
create table mail_queue (insurer_id uuid not null references insurer, mail_no uuid not null default gen_random_uuid(), recipient text not null, body text not null, sent_at timestamptz, primary key (insurer_id, mail_no));

insert into insurer values ('1a000000-0000-4000-8000-000000000001', 'Alster'), ('1a000000-0000-4000-8000-000000000002', 'bravo Kasse'), ('1a000000-0000-4000-8000-000000000003', 'bravo Versicherung');
insert into tariff values ('S', 'Small'), ('L', 'Large');
insert into diagnosis values ('M54', 'Back pain'), ('F41', 'Anxiety');
insert into policy_holder values ('1a000000-0000-4000-8000-000000000001', 1, 'Pia Quast', 'S'), ('1a000000-0000-4000-8000-000000000002', 1, 'Rolf bravo', 'L'), ('1a000000-0000-4000-8000-000000000003', 1, 'Suse bravo', 'L');
insert into claim values ('1a000000-0000-4000-8000-000000000001', 1, 1, 'M54', '2026-01-10', 80, null), ('1a000000-0000-4000-8000-000000000001', 2, 1, null, '2026-02-10', 45, 'glasses'), ('1a000000-0000-4000-8000-000000000002', 1, 1, 'F41', '2026-01-11', 640, 'bravo clinic'), ('1a000000-0000-4000-8000-000000000003', 1, 1, 'M54', '2026-01-12', 75, 'bravo');
insert into claim_document values ('1a000000-0000-4000-8000-000000000001', 1, 1, 'invoice', 'scan'), ('1a000000-0000-4000-8000-000000000002', 1, 1, 'bravo invoice', 'bravo scan'), ('1a000000-0000-4000-8000-000000000003', 1, 1, 'bravo invoice', 'bravo scan');
insert into claim_counter values ('1a000000-0000-4000-8000-000000000001', 2, null), ('1a000000-0000-4000-8000-000000000002', 1, 'bravo'), ('1a000000-0000-4000-8000-000000000003', 1, 'bravo');
insert into mail_queue (insurer_id, recipient, body) values ('1a000000-0000-4000-8000-000000000001', 'pia@example.org', 'paid'), ('1a000000-0000-4000-8000-000000000002', 'rolf@bravo.example', 'bravo refused'), ('1a000000-0000-4000-8000-000000000003', 'suse@bravo.example', 'bravo paid');

create function current_insurer() returns uuid language sql stable as $$ select nullif(current_setting('ipmf.insurer', true), '')::uuid $$;
do $$
declare t text;
begin
  foreach t in array array['insurer', 'policy_holder', 'claim', 'claim_document', 'claim_counter', 'mail_queue'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy of_insurer on %I using (insurer_id = (select ins.current_insurer())) with check (insurer_id = (select ins.current_insurer()))', t);
  end loop;
end $$;

-- Holds the figures of everybody; the view below is the only way to them.
create materialized view monthly_figures as
  select i.insurer_id, i.name as insurer, date_trunc('month', c.claimed_on)::date as month, count(*) as claims, sum(c.amount) as amount
    from claim c join insurer i using (insurer_id)
   group by 1, 2, 3;
create unique index on monthly_figures (insurer_id, month);
create view my_monthly_figures with (security_barrier) as
  select month, claims, amount from monthly_figures where insurer_id = current_insurer();

create function refresh_figures() returns void language plpgsql security definer set search_path = ins, pg_temp as $$
begin
  refresh materialized view monthly_figures;
end $$;

create function number_claim() returns trigger language plpgsql security definer set search_path = ins, pg_temp as $$
begin
  if new.insurer_id is distinct from current_insurer() then
    raise exception 'not your insurer' using errcode = '42501';
  end if;
  update claim_counter k set last_no = k.last_no + 1 where k.insurer_id = new.insurer_id returning k.last_no into new.claim_no;
  return new;
end $$;
create trigger number_claim before insert on claim for each row execute function number_claim();

-- The mailer takes what is due, row by row, and two mailers do not meet.
create function next_mail() returns table (mail_no uuid, recipient text, body text)
language sql security definer set search_path = ins, pg_temp as $$
  update mail_queue m set sent_at = now()
   where m.insurer_id = current_insurer()
     and m.mail_no = (select q.mail_no from mail_queue q
                       where q.insurer_id = current_insurer() and q.sent_at is null
                       order by q.mail_no limit 1 for update skip locked)
  returning m.mail_no, m.recipient, m.body
$$;

revoke all on all functions in schema ins from public;
grant usage on schema ins to ipmf_app;
grant execute on function current_insurer(), refresh_figures(), next_mail() to ipmf_app;
grant select on insurer, tariff, diagnosis, policy_holder, claim, claim_document, claim_counter, mail_queue, my_monthly_figures to ipmf_app;
grant insert, update, delete on policy_holder, claim, claim_document to ipmf_app;
grant insert on mail_queue to ipmf_app;
reset role;
reset search_path;

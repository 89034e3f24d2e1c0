create role soc_owner nologin;
create role soc_acct login;
alter schema public owner to soc_owner;
set role soc_owner;

-- kendra: centre, bhugtankarta: payer, bahi: ledger, rasid: receipt
create table bhugtankarta (code text primary key, naam text not null);
create table bahi (
  kendra text not null, kram bigint not null, din date not null, payer text not null,
  vivaran text not null, rashi numeric(12,2) not null,
  primary key (kendra, kram)
);
create table rasid (
  kendra text not null, sankhya text not null, bahi_kram bigint not null, naam text not null,
  primary key (kendra, sankhya),
  foreign key (kendra, bahi_kram) references bahi
);
insert into bhugtankarta values ('PMJAY', 'Ayushman Bharat'), ('CGHS', 'Central government'), ('SELF', 'Patient');
insert into bahi values
  ('LKO01', 1, '2026-10-01', 'PMJAY', 'Anand, package', 12000), ('LKO01', 2, '2026-10-03', 'SELF', 'Asma, OPD', 300),
  ('KNP02', 1, '2026-10-02', 'PMJAY', 'Bashir bravo, package', 18000), ('KNP02', 2, '2026-10-04', 'CGHS', 'Beena bravo, OPD', 350);
insert into rasid values ('LKO01', 'R-1', 2, 'Asma'), ('KNP02', 'R-1', 2, 'Beena bravo');

create function mera_kendra() returns text language sql stable as $$ select nullif(current_setting('soc.khata', true), '') $$;
alter table bahi enable row level security;
alter table rasid enable row level security;
create policy apna on bahi using (kendra = (select mera_kendra()));
create policy apna on rasid using (kendra = (select mera_kendra()));

create function open_statement(c refcursor default 'statement', se date default null, tak date default null, p_payer text default null)
returns refcursor
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare k text := public.mera_kendra();
begin
  if k is null then
    raise exception 'no centre chosen' using errcode = 'insufficient_privilege';
  end if;
  open c for
    select b.kram, b.din, b.payer, b.vivaran, b.rashi, r.sankhya as receipt,
           sum(b.rashi) over (order by b.din, b.kram) as running
      from public.bahi b left join public.rasid r on r.kendra = b.kendra and r.bahi_kram = b.kram
     where b.kendra = k
       and (b.payer = p_payer or p_payer is null)
       and b.din between coalesce(se, '-infinity') and coalesce(tak, 'infinity')
     order by b.din, b.kram;
  return c;
end $$;
revoke execute on function open_statement(refcursor, date, date, text) from public;
grant execute on function open_statement(refcursor, date, date, text) to soc_acct;

grant select on bhugtankarta to soc_acct;
grant select, insert, update on bahi, rasid to soc_acct;
reset role;

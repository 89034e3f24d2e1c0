/** Sizes of the measured database. Clinics are numbered from 0; the last one is the big one. */
export interface Sizes {
  readonly clinics: number
  readonly branches: number
  /** Patients of the ordinary clinics, spread evenly. */
  readonly patients: number
  /** Patients of the big clinic's first branch; its four others hold a twentieth each. */
  readonly bigBranch: number
}

export const fullSize: Sizes = { clinics: 200, branches: 5, patients: 1_000_000, bigBranch: 50_000 }
export const quickSize: Sizes = { clinics: 20, branches: 5, patients: 100_000, bigBranch: 5_000 }

const given = words(
  "aarav aditi advika aisha ajay akash amit ananya anika anil anjali arjun arun asha ashok bhavna chandra deepa deepak devi dinesh divya farhan fatima ganesh gauri geeta gopal harish hema imran indira ishaan jaya jyoti kabir kamala karan kavita kiran lakshmi leela madhav mahesh manish meena mohan nadia neha nisha pooja pradeep priya rahul rajesh rekha riya rohan sanjay sarita shanti sunita suresh vijay",
)
const family = words(
  "agarwal ahmed ali babu banerjee bhat bose chatterjee chauhan chopra das desai deshmukh dixit dubey dutta gandhi ghosh gill gowda gupta hegde hussain iyengar iyer jain jha joshi kapoor kaur khan kulkarni kumar malhotra mehta menon mishra mukherjee naidu nair pandey patel patil pillai prasad qureshi rao rathore reddy roy sen seth shah sharma shetty shukla siddiqui singh sinha srivastava thakur tiwari varma yadav",
)

function words(text: string): string[] {
  return text.split(" ").map((word) => word[0]?.toUpperCase() + word.slice(1))
}

const array = (values: readonly string[]): string => `array['${values.join("','")}']`

/** One of 64 values, spread by multiplication, so that the data are the same on every machine. */
const pick = (values: readonly string[], factor: number): string =>
  `(${array(values)})[1 + (((n::bigint * ${factor}) & 4294967295) >> 26)]`

const patientColumns = `
  clinic_id uuid not null,
  branch_id uuid not null,
  id uuid not null,
  full_name text not null,
  phone text,
  hiv_status text not null default 'unknown',
  balance integer not null default 0,
  created_at timestamptz not null default now()`

export const tables = `
create table clinic (id uuid primary key, name text not null);
create table branch (id uuid primary key, clinic_id uuid not null references clinic, name text not null, unique (clinic_id, id));
create table patient (${patientColumns});
create table patient_few (${patientColumns});
create table visit (clinic_id uuid not null, branch_id uuid not null, id uuid not null, patient_id uuid not null,
  at timestamptz not null, reason text not null);
create table note (clinic_id uuid not null, branch_id uuid not null, id uuid not null, visit_id uuid not null, body text not null);`

/** Every branch's rows are spread over all pages of the tables, as in a system that has been used for years. */
export function rows({ clinics, branches, patients, bigBranch }: Sizes): string {
  const small = Math.round(bigBranch / 20)
  const big = bigBranch + 4 * small
  return `
insert into clinic select md5('clinic' || c)::uuid, 'Clinic ' || c from generate_series(0, ${clinics}) c;
insert into branch select md5('branch' || c || '/' || b)::uuid, md5('clinic' || c)::uuid, 'Branch ' || b
  from generate_series(0, ${clinics}) c, generate_series(0, ${branches - 1}) b;
create table place as
  select c, b, md5('clinic' || c)::uuid as clinic_id, md5('branch' || c || '/' || b)::uuid as branch_id
    from generate_series(0, ${clinics}) c, generate_series(0, ${branches - 1}) b;
analyze place;
insert into patient
  select p.clinic_id, p.branch_id, md5('patient' || n)::uuid, ${pick(given, 2654435761)} || ' ' || ${pick(family, 2246822519)},
         '+91' || (9000000000 + (n::bigint * 7368787) % 1000000000), case when n % 97 = 0 then 'positive' else 'unknown' end,
         (n::bigint * 7919) % 10000, timestamptz '2022-01-01' + n * interval '1 minute'
    from (select n, case when n < ${patients} then n % ${clinics} else ${clinics} end as c,
                 case when n < ${patients} then (n / ${clinics}) % ${branches}
                      when n % ${Math.max(1, Math.round(big / (4 * small)))} <> 0 then 0
                      else 1 + (n / ${Math.max(1, Math.round(big / (4 * small)))}) % 4 end as b
            from generate_series(0, ${patients + big - 1}) n) s
    join place p using (c, b) order by n;
insert into patient_few select q.* from patient q join place p using (clinic_id, branch_id) where p.c < ${Math.max(1, clinics / 10)};
insert into visit select clinic_id, branch_id, md5('visit' || id)::uuid, id, created_at, 'fever' from patient;
insert into note select clinic_id, branch_id, md5('note' || id)::uuid, id, 'Rest, fluids, paracetamol; see again if it lasts longer than three days.' from visit;
drop table place;`
}

const patientKeys = (table: string): string => `
alter table ${table} add primary key (clinic_id, branch_id, id);
create index on ${table} (clinic_id, id);
create index on ${table} (clinic_id, created_at desc);
create index on ${table} (clinic_id, branch_id, created_at desc);`

export const keys = `${patientKeys("patient")}${patientKeys("patient_few")}
alter table patient add foreign key (clinic_id, branch_id) references branch (clinic_id, id);
alter table visit add primary key (clinic_id, branch_id, id);
create index on visit (clinic_id, branch_id, patient_id);
alter table visit add foreign key (clinic_id, branch_id, patient_id) references patient (clinic_id, branch_id, id);
alter table note add primary key (clinic_id, branch_id, id);
create index on note (clinic_id, branch_id, visit_id);
alter table note add foreign key (clinic_id, branch_id, visit_id) references visit (clinic_id, branch_id, id);`

/** The same patients for those who do without us: an ordinary policy over a setting that anybody can change. */
export const plainCopy = `
create schema plain;
create table plain.patient (like public.patient including all);
alter table plain.patient alter column clinic_id drop default, alter column branch_id drop default;
insert into plain.patient select * from public.patient;
alter table plain.patient enable row level security;
create policy tenant on plain.patient
  using (clinic_id = (select nullif(current_setting('bench.clinic', true), '')::uuid));`

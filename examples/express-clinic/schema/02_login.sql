-- What the host's own login needs, read before any context exists. These tables are `unmanaged` in the policy file:
-- no role of the policy gets anything on them, only the login that issues sessions does (see grants.sql).
create table account (
  id uuid primary key default gen_random_uuid(),
  email text not null unique check (email = lower(email)),
  password_hash text not null,
  totp_secret text not null,
  -- A one-time code is good for one login: the time step of the last one that was accepted.
  totp_step bigint not null default 0,
  closed_at timestamptz
);

-- Who may act as what, and where. `branches` null means every branch of the clinic.
create table assignment (
  account_id uuid not null references account,
  clinic_id uuid not null references clinic,
  role text not null,
  branches uuid[],
  valid_until timestamptz,
  primary key (account_id, clinic_id, role)
);

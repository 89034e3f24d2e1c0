-- What the host's own login needs, read before any context exists. The table is `unmanaged` in the policy file: no role of
-- the policy gets anything on it, only the login that issues sessions does (see 06_grants.sql). Who may act as what, where
-- and until when is not here: Wardkeep keeps the assignments.
create table account (
  id uuid primary key default gen_random_uuid(),
  email text not null unique check (email = lower(email)),
  password_hash text not null,
  totp_secret text not null,
  -- A one-time code is good for one login: the time step of the last one that was accepted.
  totp_step bigint not null default 0,
  closed_at timestamptz
);

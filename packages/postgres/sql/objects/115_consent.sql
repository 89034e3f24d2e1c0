create table wardkeep.policy_purpose (
  name text not null,
  -- What it waits for before it reaches a person: nothing, that nobody objected, or a yes.
  wall text not null check (wall in ('none', 'objection', 'consent')),
  -- Whether somebody may say yes for a child.
  children text not null check (children in ('parent', 'forbidden')),
  -- Of a row about a person; what the bits above 31 say ends with time. Never given to another purpose.
  bit integer not null check (case wall when 'none' then bit = 0 when 'objection' then bit between 1 and 31 else bit between 32 and 62 end),
  in_force boolean not null,
  primary key (name, wall)
);
create unique index policy_purpose_bit on wardkeep.policy_purpose (bit) where bit > 0;
comment on table wardkeep.policy_purpose is 'Purposes of the policy file and the bit of each; written when the policy is applied.';
alter table wardkeep.policy_purpose enable row level security;

-- Null where the context does not hold, behind the tenant, which raises: see 110_confined.sql.
create function wardkeep.consent_mask(planned text) returns bigint
  language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$
declare
  t wardkeep.token := wardkeep.held(planned);
begin
  return (select 1::bigint << p.bit from wardkeep.policy_purpose p where p.name = t.purpose and p.in_force);
end
$$;
comment on function wardkeep.consent_mask(text) is
  'The bit that a row about a person must have under the purpose of the verified context, or null. For policies.';

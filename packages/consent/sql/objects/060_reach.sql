-- Time ends consent without an event: its own end, and the eighteenth birthday for what a parent gave.
create function wardkeep_consent.ended(r wardkeep_consent.reach, s wardkeep_consent.standing) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
  return coalesce(s.valid_until <= clock_timestamp(), false)
    or (s.given_by in ('parent', 'child_guardian') and coalesce(wardkeep_consent.majority(r.born) <= clock_timestamp(), false))
    -- The day of birth was corrected: who said yes was a child then.
    or (s.given_by in ('subject', 'guardian', 'nominee') and coalesce(wardkeep_consent.majority(r.born) > s.consent_at, true));
comment on function wardkeep_consent.ended(wardkeep_consent.reach, wardkeep_consent.standing) is
  'Internal: whether a consent that was given does not hold any more, or never did.';

-- Bit 0: purposes that wait for nothing. Bits 1 to 31: nobody objected. Bits 32 to 62: somebody said yes, until `until`.
create function wardkeep_consent.unasked() returns bigint
  language sql stable set search_path = pg_catalog, pg_temp
  return 1 + coalesce((select bit_or(1::bigint << p.bit) from wardkeep.policy_purpose p where p.in_force and p.wall = 'objection'), 0);
comment on function wardkeep_consent.unasked() is 'Internal: the bits of a person who was never asked anything.';

create function wardkeep_consent.compute(of_tenant text, of_branch text, of_subject text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  r wardkeep_consent.reach;
  ends timestamptz;
  yes bigint;
  stopped bigint;
begin
  -- An older snapshot would miss rows about the person that were inserted since.
  perform wardkeep.require_read_committed();
  select h.* into r from wardkeep_consent.reach h
   where h.tenant = of_tenant and h.branch = of_branch and h.subject = of_subject for update;
  if not found then
    return;
  end if;
  select coalesce(bit_or(1::bigint << p.bit), 0),
         coalesce(min(least(s.valid_until, case when s.given_by in ('parent', 'child_guardian') then wardkeep_consent.majority(r.born) end)), 'infinity')
    into yes, ends
    from wardkeep_consent.standing s join wardkeep.policy_purpose p on p.name = s.of_purpose and p.in_force and p.wall = 'consent'
   where s.tenant = of_tenant and s.branch = of_branch and s.subject = of_subject and s.consent = 'granted' and not wardkeep_consent.ended(r, s)
     and (p.children = 'parent' or coalesce(wardkeep_consent.majority(r.born) <= clock_timestamp(), false));
  select coalesce(bit_or(1::bigint << p.bit), 0) into stopped
    from wardkeep_consent.standing s join wardkeep.policy_purpose p on p.name = s.of_purpose and p.in_force and p.wall = 'objection'
   where s.tenant = of_tenant and s.branch = of_branch and s.subject = of_subject and s.objected;
  update wardkeep_consent.reach h set bits = case when h.restricted then 0 else (wardkeep_consent.unasked() & ~stopped) | yes end, until = ends
   where h.tenant = of_tenant and h.branch = of_branch and h.subject = of_subject;
end
$$;
comment on function wardkeep_consent.compute(text, text, text) is 'Internal: computes the bits of one person anew.';

create function wardkeep_consent.refresh(of_tenant text, of_branch text, of_subject text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform wardkeep_consent.compute(of_tenant, of_branch, of_subject);
  perform wardkeep_consent.spread(of_tenant, of_branch, of_subject);
end
$$;
comment on function wardkeep_consent.refresh(text, text, text) is
  'Internal: computes the bits of one person anew and copies them to every row about the person.';

-- Holds what is inserted about a person and what the person decides apart: without the lock, a row that is inserted while a
-- withdrawal commits would keep the bits from before.
create function wardkeep_consent.row_bits() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  row_now jsonb := to_jsonb(new);
  of_tenant text := row_now ->> tg_argv[0];
  of_branch text := case when tg_argv[1] = '' then '' else row_now ->> tg_argv[1] end;
  of_subject text := row_now ->> tg_argv[2];
begin
  if of_tenant is null or of_branch is null or of_subject is null then
    -- About nobody: purposes that wait for a person do not reach it.
    new.wk_consent := 1;
    new.wk_consent_until := 'infinity';
    return new;
  end if;
  loop
    select h.bits, h.until into new.wk_consent, new.wk_consent_until from wardkeep_consent.reach h
     where h.tenant = of_tenant and h.branch = of_branch and h.subject = of_subject for key share;
    exit when found;
    insert into wardkeep_consent.reach (tenant, branch, subject, bits)
    values (of_tenant, of_branch, of_subject, wardkeep_consent.unasked()) on conflict do nothing;
  end loop;
  return new;
end
$$;
comment on function wardkeep_consent.row_bits() is
  'Trigger: a row has the bits of the person it is about, whatever was written. Arguments: tenant, branch or nothing, subject column.';

create function wardkeep_consent.born_changed() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  row_now jsonb := to_jsonb(new);
  of_branch text := case when tg_argv[1] = '' then '' else row_now ->> tg_argv[1] end;
begin
  update wardkeep_consent.reach h set born = (row_now ->> tg_argv[3])::date
   where h.tenant = row_now ->> tg_argv[0] and h.branch = of_branch and h.subject = row_now ->> tg_argv[2];
  perform wardkeep_consent.refresh(row_now ->> tg_argv[0], of_branch, row_now ->> tg_argv[2]);
  return null;
end
$$;
comment on function wardkeep_consent.born_changed() is 'Trigger: a corrected day of birth changes who may decide. Arguments as row_bits(), and the column.';

create function wardkeep_consent.end_due() returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
  held text[] := wardkeep.branches();
  r wardkeep_consent.reach;
  s wardkeep_consent.standing;
  e wardkeep_consent.event;
  ended integer := 0;
begin
  perform wardkeep.require_read_committed();
  if me.subjects is not null then
    perform wardkeep_consent.refuse('a context that is confined to subjects ends nobody else''s consent');
  end if;
  for r in select h.* from wardkeep_consent.reach h
            where h.tenant = me.tenant and (h.branch = '' or h.branch = any (held))
              and exists (select from wardkeep_consent.standing g where g.tenant = h.tenant and g.branch = h.branch and g.subject = h.subject
                and g.consent = 'granted' and wardkeep_consent.ended(h, g))
            order by h.branch, h.subject for update loop
    for s in select h.* from wardkeep_consent.standing h where h.tenant = r.tenant and h.branch = r.branch and h.subject = r.subject
                and h.consent = 'granted' and wardkeep_consent.ended(r, h) order by h.of_purpose loop
      e := wardkeep_consent.entry('{"channel": "job", "method": "time"}', 'expired');
      e.of_purpose := s.of_purpose;
      perform wardkeep_consent.settle(r, wardkeep_consent.append(r, e));
      ended := ended + 1;
    end loop;
    perform wardkeep_consent.refresh(r.tenant, r.branch, r.subject);
  end loop;
  return ended;
end
$$;
comment on function wardkeep_consent.end_due() is
  'Records what time has ended in the branches of the context: consent past its end, a parent''s after the eighteenth birthday. Until then the database shows less, never more. Returns how many. Fails with WK1xx, WK009, WK503.';

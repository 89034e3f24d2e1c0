-- What is in the ledger stays under the key of then. So a key does not change under a person of whom it holds anything, unless
-- carry() says of which key the older events are, and
-- what it holds of somebody who is gone is not about whoever gets the key next.
-- Only move_patient() and merge_branches() carry, and they move the person afterwards or fail.
create function wardkeep_consent.carried_now(from_branch text, key text[]) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
  return exists (select from wardkeep_consent.carried c where c.tenant = key[1] and c.branch = key[2] and c.subject = key[3]
    and (from_branch is null or c.was_branch = from_branch) and c.xid = pg_current_xact_id_if_assigned() and c.at >= transaction_timestamp());
comment on function wardkeep_consent.carried_now(text, text[]) is
  'Internal: whether this transaction carried the ledger of a person to this tenant, branch and key.';

-- Whose log and own records are still to be erased is known by the key only: whoever got it meanwhile would be erased as well.
create function wardkeep_consent.require_free(of_tenant text, of_subject text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from wardkeep_consent.unverified u where u.tenant = of_tenant and u.subject = of_subject) then
    raise exception 'the destruction of the person who had this key is not certified yet' using errcode = 'WK503',
      hint = 'Give the person another key, or run the destruction again until it is certified (`wardkeep rights destroy`).';
  end if;
end
$$;
comment on function wardkeep_consent.require_free(text, text) is
  'Internal: nobody gets the key of a destroyed person before the certificate, in any branch. Fails with WK503.';

create function wardkeep_consent.key_kept() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  before jsonb := to_jsonb(old);
  after jsonb := to_jsonb(new);
  old_key text[] := array[before ->> tg_argv[0], case when tg_argv[1] = '' then '' else before ->> tg_argv[1] end, before ->> tg_argv[2]];
  new_key text[] := array[after ->> tg_argv[0], case when tg_argv[1] = '' then '' else after ->> tg_argv[1] end, after ->> tg_argv[2]];
  keys text[];
begin
  if old_key = new_key then
    return new;
  end if;
  perform wardkeep.require_read_committed();
  if new_key[1] = old_key[1] and new_key[3] = old_key[3] and wardkeep_consent.carried_now(old_key[2], new_key) then
    return new;
  end if;
  if new_key[1] is distinct from old_key[1] or new_key[3] is distinct from old_key[3] then
    perform wardkeep_consent.require_free(new_key[1], new_key[3]);
  end if;
  foreach keys slice 1 in array array[least(old_key, new_key), greatest(old_key, new_key)] loop
    continue when array_position(keys, null) is not null;
    -- Whoever decides about the person meanwhile holds this row, or waits for it: see hold().
    insert into wardkeep_consent.reach (tenant, branch, subject, bits)
    values (keys[1], keys[2], keys[3], wardkeep_consent.unasked()) on conflict do nothing;
    perform from wardkeep_consent.reach h where h.tenant = keys[1] and h.branch = keys[2] and h.subject = keys[3] for update;
    if exists (select from wardkeep_consent.event e where e.tenant = keys[1] and e.branch = keys[2] and e.subject = keys[3])
       or exists (select from wardkeep_consent.rights_event e where e.tenant = keys[1] and e.branch = keys[2] and e.subject = keys[3]) then
      raise exception 'the consent ledger holds what a person decided under this key' using errcode = 'WK503',
        hint = 'Keep tenant, branch and key of the person. wardkeep.move_patient() takes the ledger along; repeat it where the person decided meanwhile.';
    end if;
  end loop;
  return new;
end
$$;
comment on function wardkeep_consent.key_kept() is
  'Trigger: a person of whom the ledger holds anything keeps tenant, branch and key, but for a move that carries the ledger. Arguments as row_bits(). Fails with WK009, WK503.';

-- Objections stay: who deletes a row and inserts it again means the same person, and then an objection must not be lost.
create function wardkeep_consent.cut(h wardkeep_consent.reach) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update wardkeep_consent.standing s set consent = 'none', consent_at = null, given_by = null, valid_until = null
   where s.tenant = h.tenant and s.branch = h.branch and s.subject = h.subject;
  update wardkeep_consent.reach r set since = greatest(clock_timestamp(), r.last_at + interval '1 microsecond'), born = null, restricted = false
   where r.tenant = h.tenant and r.branch = h.branch and r.subject = h.subject;
  perform wardkeep_consent.compute(h.tenant, h.branch, h.subject);
end
$$;
comment on function wardkeep_consent.cut(wardkeep_consent.reach) is
  'Internal: whoever has this key from now on is told and asked anew; nothing that was given or decided about an erasure under it before holds.';

create function wardkeep_consent.given_again() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  row_now jsonb := to_jsonb(new);
  of_branch text := case when tg_argv[1] = '' then '' else row_now ->> tg_argv[1] end;
  h wardkeep_consent.reach;
begin
  if not wardkeep_consent.carried_now(null, array[row_now ->> tg_argv[0], of_branch, row_now ->> tg_argv[2]]) then
    perform wardkeep_consent.require_free(row_now ->> tg_argv[0], row_now ->> tg_argv[2]);
  end if;
  select r.* into h from wardkeep_consent.reach r
   where r.tenant = row_now ->> tg_argv[0] and r.branch = of_branch and r.subject = row_now ->> tg_argv[2] and r.last_at > r.since for update;
  -- A move to another partition is an insert there.
  if found and not wardkeep_consent.carried_now(null, array[h.tenant, h.branch, h.subject]) then
    perform wardkeep_consent.cut(h);
    perform wardkeep_consent.spread(h.tenant, h.branch, h.subject);
  end if;
  return null;
end
$$;
comment on function wardkeep_consent.given_again() is
  'Trigger: a person who is inserted under the key of a deleted one inherits nothing but objections. Arguments as row_bits(). Fails with WK009, WK503.';

create function wardkeep_consent.tenant_gone(gone text, successor text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  h wardkeep_consent.reach;
begin
  if successor is not null then
    if exists (select from wardkeep_consent.event e where e.tenant = gone)
       or exists (select from wardkeep_consent.rights_event e where e.tenant = gone) then
      raise exception 'the consent ledger holds what people decided under this key of the clinic' using errcode = 'WK503',
        hint = 'Keep the key of a clinic that has recorded decisions.';
    end if;
    return;
  end if;
  for h in select r.* from wardkeep_consent.reach r where r.tenant = gone and r.last_at > r.since order by r.branch, r.subject for update loop
    perform wardkeep_consent.cut(h);
  end loop;
end
$$;
comment on function wardkeep_consent.tenant_gone(text, text) is
  'Internal: nothing that was given in a deleted tenant holds under its key. Called by forget_tenant(). Fails with WK009, WK503.';

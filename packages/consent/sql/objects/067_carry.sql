-- The move of a person: called by wardkeep.carry_ledger() before the rows change, so that every one of them finds the bits of
-- the person in the new branch.
create function wardkeep_consent.carry(of_tenant text, from_branch text, to_branch text, of_subject text, reason text) returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  key text := wardkeep_consent.spelled(of_subject);
  place text;
  was wardkeep_consent.reach;
  now_here wardkeep_consent.reach;
  gone wardkeep_consent.event := wardkeep_consent.entry('{}', 'moved_away');
  come wardkeep_consent.event := wardkeep_consent.entry('{}', 'moved_here');
begin
  perform wardkeep.require_read_committed();
  if key is null then
    return false;
  end if;
  -- Both, in the order of key_kept(): who decides about the person waits here, or is waited for.
  foreach place in array array[least(from_branch, to_branch), greatest(from_branch, to_branch)] loop
    insert into wardkeep_consent.reach (tenant, branch, subject, bits)
    values (of_tenant, place, key, wardkeep_consent.unasked()) on conflict do nothing;
    perform from wardkeep_consent.reach h where h.tenant = of_tenant and h.branch = place and h.subject = key for update;
  end loop;
  select h.* into was from wardkeep_consent.reach h where h.tenant = of_tenant and h.branch = from_branch and h.subject = key;
  select h.* into now_here from wardkeep_consent.reach h where h.tenant = of_tenant and h.branch = to_branch and h.subject = key;
  -- Of somebody who was never asked nothing is carried; key_kept() looks at the new key then.
  if was.last_at <= was.since and not exists (select from wardkeep_consent.standing s
       where s.tenant = of_tenant and s.branch = from_branch and s.subject = key) then
    return false;
  end if;
  if now_here.last_at > now_here.since then
    raise exception 'the consent ledger holds what somebody else decided under this key in the other branch' using errcode = 'WK232',
      hint = 'Give the person another key in one of the two branches first.';
  end if;
  gone.detail := jsonb_build_object('to', to_branch, 'reason', reason);
  gone := wardkeep_consent.append(was, gone);
  -- Later than everything before, also where the clock went back.
  update wardkeep_consent.reach h set born = was.born, restricted = was.restricted,
         last_at = greatest(h.last_at, gone.at), since = case when h.last_at > '-infinity' then greatest(h.since, gone.at) else h.since end
   where h.tenant = of_tenant and h.branch = to_branch and h.subject = key;
  come.detail := jsonb_build_object('from', from_branch, 'reason', reason);
  come := wardkeep_consent.append(now_here, come);
  insert into wardkeep_consent.carried (tenant, branch, subject, at, was_branch, after, upto)
  select of_tenant, to_branch, key, come.at, c.was_branch, c.after, c.upto from wardkeep_consent.carried c
   where c.tenant = of_tenant and c.branch = from_branch and c.subject = key and c.at >= was.since
  union all
  select of_tenant, to_branch, key, come.at, from_branch, was.since, gone.at;
  -- An objection that stays under the key of somebody who is gone stays an objection.
  insert into wardkeep_consent.standing as h (tenant, branch, subject, of_purpose, consent, consent_at, given_by, valid_until, objected)
  select s.tenant, to_branch, s.subject, s.of_purpose, s.consent, s.consent_at, s.given_by, s.valid_until, s.objected
    from wardkeep_consent.standing s where s.tenant = of_tenant and s.branch = from_branch and s.subject = key
  on conflict (tenant, branch, subject, of_purpose) do update
    set consent = excluded.consent, consent_at = excluded.consent_at, given_by = excluded.given_by, valid_until = excluded.valid_until,
        objected = h.objected or excluded.objected;
  delete from wardkeep_consent.standing s where s.tenant = of_tenant and s.branch = from_branch and s.subject = key;
  select h.* into was from wardkeep_consent.reach h where h.tenant = of_tenant and h.branch = from_branch and h.subject = key;
  perform wardkeep_consent.cut(was);
  perform wardkeep_consent.compute(of_tenant, to_branch, key);
  return true;
end
$$;
comment on function wardkeep_consent.carry(text, text, text, text, text) is
  'Internal: what the ledger holds about a person who is moved holds in the new branch, and nothing of it in the old one. Fails with WK009, WK232.';

create function wardkeep_consent.carry_all(of_tenant text, from_branch text, to_branch text, reason text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  key text;
begin
  for key in select h.subject from wardkeep_consent.reach h join wardkeep_consent.everybody() p on p.branch = h.branch and p.subject = h.subject
              where h.tenant = of_tenant and h.branch = from_branch order by h.subject collate "C" loop
    perform wardkeep_consent.carry(of_tenant, from_branch, to_branch, key, reason);
  end loop;
end
$$;
comment on function wardkeep_consent.carry_all(text, text, text, text) is
  'Internal: carry() for everybody who is in a branch that is merged into another one. Fails with WK009, WK232.';

create function wardkeep_consent.destroy_ledger(h wardkeep_consent.reach) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  -- Nobody else can have had a UUID: see unmistakable(). Of another key, what is older is about who had it before.
  own_since timestamptz := case when wardkeep_consent.unmistakable(h.subject) then '-infinity' else h.since end;
  r wardkeep_consent.reach;
begin
  -- In one statement: a representation is named by later events, of a later branch too.
  delete from wardkeep_consent.event v
   where v.tenant = h.tenant and v.subject = h.subject
     and (v.branch = h.branch and v.at >= own_since or exists (select from wardkeep_consent.carried c where c.tenant = v.tenant and c.branch = h.branch
       and c.subject = v.subject and c.at >= own_since and c.was_branch = v.branch and v.at between c.after and c.upto));
  delete from wardkeep_consent.rights_event v
   where v.tenant = h.tenant and v.subject = h.subject
     and (v.branch = h.branch and v.at >= own_since or exists (select from wardkeep_consent.carried c where c.tenant = v.tenant and c.branch = h.branch
       and c.subject = v.subject and c.at >= own_since and c.was_branch = v.branch and v.at between c.after and c.upto));
  delete from wardkeep_consent.standing s where s.tenant = h.tenant and s.branch = h.branch and s.subject = h.subject;
  for r in select o.* from wardkeep_consent.reach o where o.tenant = h.tenant and o.subject = h.subject
              and (o.branch = h.branch or o.branch in (select c.was_branch from wardkeep_consent.carried c
                where c.tenant = h.tenant and c.branch = h.branch and c.subject = h.subject and c.at >= own_since)) loop
    if r.branch <> h.branch and exists (select from wardkeep_consent.everybody() p where p.branch = r.branch and p.subject = r.subject) then
      continue;
    end if;
    if not exists (select from wardkeep_consent.event v where v.tenant = r.tenant and v.branch = r.branch and v.subject = r.subject)
       and not exists (select from wardkeep_consent.rights_event v where v.tenant = r.tenant and v.branch = r.branch and v.subject = r.subject) then
      delete from wardkeep_consent.reach o where o.tenant = r.tenant and o.branch = r.branch and o.subject = r.subject;
    elsif r.branch = h.branch then
      -- Whoever gets the key next inherits nothing of what stays.
      perform wardkeep_consent.cut(r);
    end if;
  end loop;
  -- Where the person only passed through, the same events are carried too.
  delete from wardkeep_consent.carried p using wardkeep_consent.carried d
   where d.tenant = h.tenant and d.branch = h.branch and d.subject = h.subject and d.at >= own_since
     and p.tenant = d.tenant and p.subject = d.subject and p.was_branch = d.was_branch and p.upto = d.upto and p.branch <> h.branch;
  delete from wardkeep_consent.carried p where p.tenant = h.tenant and p.branch = h.branch and p.subject = h.subject and p.at >= own_since;
end
$$;
comment on function wardkeep_consent.destroy_ledger(wardkeep_consent.reach) is
  'Internal: what a destroyed person said and asked, in earlier branches too; what whoever else had the key said stays. The destruction is recorded before: see keep_unless_destroyed().';

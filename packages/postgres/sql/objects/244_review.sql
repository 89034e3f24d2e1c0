create function wardkeep.reviewer() returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
begin
  if me.subjects is not null or not exists (select from wardkeep.policy_rule r where r.break_glass -> 'reviewedBy' ? me.role) then
    raise exception 'this role does not review emergencies' using errcode = 'WK207';
  end if;
  return me;
end
$$;
comment on function wardkeep.reviewer() is 'Internal: the token in force, if its role reviews emergencies. Fails with WK1xx, WK207.';

create function wardkeep.own_emergencies() returns setof wardkeep.break_glass
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
begin
  return query select b.* from wardkeep.break_glass b
    where me.subjects is null and b.tenant = me.tenant and b.declared_by = me.actor and b.declared_as = me.role
      and b.valid_until > clock_timestamp() and b.reviewed_at is null and b.closed_at is null
      and exists (select from wardkeep.session s where s.id = b.session_id)
    order by b.declared_at, b.id;
end
$$;
comment on function wardkeep.own_emergencies() is 'What this actor declared in this role and may still open, whichever session it was. Fails with WK1xx.';

create function wardkeep.open_reviews() returns setof wardkeep.break_glass
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.reviewer();
begin
  return query select b.* from wardkeep.break_glass b
    where b.tenant = me.tenant and b.branch = any (me.branches) and b.reviewed_at is null and b.closed_at is null
    order by b.declared_at, b.id;
end
$$;
comment on function wardkeep.open_reviews() is 'Emergencies in one''s own branches that wait for a review. Fails with WK1xx, WK207.';

create function wardkeep.review_break_glass(emergency uuid, outcome text, note text) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.reviewer();
begin
  perform wardkeep.require_read_committed();
  -- Waited for first, as far as it is theirs to review; then asked again.
  perform from wardkeep.break_glass b where b.id = emergency and b.tenant = me.tenant and b.branch = any (me.branches) for update;
  if found then
    perform from wardkeep.token t where t.break_glass = emergency order by t.digest for update;
    me := wardkeep.reviewer();
  end if;
  update wardkeep.break_glass b set reviewed_at = clock_timestamp(), reviewed_by = me.actor, verdict = outcome, review_note = note
   where b.id = emergency and b.tenant = me.tenant and b.branch = any (me.branches) and b.declared_by <> me.actor
     and b.reviewed_at is null and b.closed_at is null;
  if not found then
    raise exception 'there is nothing of this id for this actor to review' using errcode = 'WK207';
  end if;
  -- What is reviewed is over.
  delete from wardkeep.token t where t.break_glass = emergency;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('break_glass_reviewed', me.actor, me.tenant, jsonb_build_object('break_glass', emergency, 'verdict', outcome));
exception when check_violation or not_null_violation then
  raise exception 'a review says justified or not_justified, and why' using errcode = 'WK207';
end
$$;
comment on function wardkeep.review_break_glass(uuid, text, text) is 'Reviews an emergency of somebody else, and ends it. Fails with WK1xx, WK207.';

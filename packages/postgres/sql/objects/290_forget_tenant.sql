create function wardkeep.hold(tenants text[], branches text[]) returns void
  language sql volatile
begin atomic
  select from wardkeep.assignment a where a.tenant = any (hold.tenants) and a.revoked_at is null order by a.id for update;
  select from wardkeep.break_glass b where b.tenant = any (hold.tenants) and b.reviewed_at is null order by b.id for update;
  select from wardkeep.referral r where (r.tenant = any (hold.tenants) or array[r.from_branch, r.to_branch] && hold.branches)
      and r.ended_at is null order by r.id for update;
  select from wardkeep.support s where (s.tenant = any (hold.tenants) or s.branch = any (hold.branches)) and s.ended_at is null order by s.id for update;
  select from wardkeep.session s where s.ended_at is null and s.id in
      (select t.session_id from wardkeep.token t where t.tenant = any (hold.tenants) or t.branches && hold.branches)
    order by s.id for update;
  select from wardkeep.token t where t.tenant = any (hold.tenants) or t.branches && hold.branches
      or t.referral in (select r.id from wardkeep.referral r where r.ended_at is null and r.to_branch = any (hold.branches))
    order by t.digest for update;
end;
comment on function wardkeep.hold(text[], text[]) is
  'Internal: locks what holds in these tenants and what reaches these branches, in the order of locks: of all of them at once, before the first of them ends.';

create function wardkeep.end_referrals(in_tenant text, of_branch text, of_subject text, by_actor text, why text) returns void
  language sql volatile
begin atomic
  with ended as (
    update wardkeep.referral r set ended_at = clock_timestamp(), ended_by = by_actor, end_reason = why
     where r.ended_at is null and (in_tenant is null or r.tenant = in_tenant)
       and (of_branch is null or of_branch in (r.from_branch, r.to_branch)) and (of_subject is null or r.subject = of_subject)
     returning r.id
  )
  delete from wardkeep.token t using ended e where t.referral = e.id;
end;
comment on function wardkeep.end_referrals(text, text, text, text, text) is
  'Internal: ends referrals of a tenant, of a branch or of a person and what was opened for them; whoever calls it holds their rows.';

create function wardkeep.forget_tenant(gone text, successor text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  why text := case when successor is null then 'tenant deleted' else 'tenant key changed' end;
  revoked integer;
  closed integer;
  taken jsonb;
begin
  perform wardkeep.require_read_committed();
  -- Waits for what is issued, granted and declared there, which the next statements find.
  perform from wardkeep.known_tenant k where k.tenant = gone for update;
  perform wardkeep.hold(array[gone], '{}');
  -- Whoever is given the same key one day is somebody else: nothing of this tenant may hold there.
  update wardkeep.assignment a set revoked_at = clock_timestamp(), revoked_by = 'login:' || session_user, revoke_reason = why
   where a.tenant = gone and a.revoked_at is null;
  get diagnostics revoked = row_count;
  update wardkeep.break_glass b set closed_at = clock_timestamp() where b.tenant = gone and b.reviewed_at is null and b.closed_at is null;
  get diagnostics closed = row_count;
  perform wardkeep.end_referrals(gone, null, null, 'login:' || session_user, why);
  update wardkeep.support s set ended_at = clock_timestamp(), ended_by = 'login:' || session_user, end_note = why
   where s.tenant = gone and s.ended_at is null;
  update wardkeep.session s set ended_at = now(), end_reason = why
   where s.ended_at is null and s.id in (select t.session_id from wardkeep.token t where t.tenant = gone)
     and not exists (select from wardkeep.token t where t.session_id = s.id and t.tenant <> gone);
  delete from wardkeep.token t where t.tenant = gone;
  delete from wardkeep.branch_group g where g.tenant = gone;
  select coalesce(jsonb_agg(to_jsonb(n) - 'tenant' order by n.role, n.what), '[]') into taken from wardkeep.narrowing n where n.tenant = gone;
  -- A tenant that only changes its key is the same one: what was taken there stays taken.
  insert into wardkeep.narrowing (tenant, role, what, reason, narrowed_by, narrowed_at)
  select successor, n.role, n.what, n.reason, n.narrowed_by, n.narrowed_at from wardkeep.narrowing n
   where n.tenant = gone and successor is not null on conflict do nothing;
  delete from wardkeep.narrowing n where n.tenant = gone;
  delete from wardkeep.known_tenant k where k.tenant = gone;
  perform wardkeep.forget_contributions(gone, successor, why);
  if to_regproc('wardkeep_consent.tenant_gone') is not null then
    perform wardkeep_consent.tenant_gone(gone, successor);
  end if;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('tenant_gone', session_user, gone, jsonb_build_object('reason', why, 'assignments', revoked, 'emergencies', closed, 'narrowings', taken));
end
$$;
comment on function wardkeep.forget_tenant(text, text) is
  'Internal: ends everything that holds in a tenant that is deleted, or that goes on under another key. Fails with WK009, and with WK503 where the consent ledger would lose its people.';

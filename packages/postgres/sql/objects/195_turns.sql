-- Who decides about an actor or a tenant waits for whoever decides about them already, by locks on rows that no login of
-- the application can reach. Not advisory locks: any login may take those, whatever their number, and pg_locks shows them.
--
-- The order of locks, for every function that takes them:
--   1. signing_key: a request of the issuer shares the row of its key; apply holds the table (policy_alone).
--   2. turn: the actor everywhere (''), then the actor in a tenant; then 3. that tenant; several tenants in their order.
--   3. known_tenant: shared by whoever issues; kept by whoever grants or declares; alone for narrowing, groups and branches;
--      held against all of them by its own end. The owner's work does not lock it.
--   4. assignment, 5. break_glass, then referral, then support, 6. session: by id. 7. token: by digest.
--   8. aggregate_agreement, then aggregate_contribution: a release holds both tables.
-- Two of these calls in one transaction, or a host's DELETE of several tenants or branches, which takes them one by one, can
-- still come the other way round: PostgreSQL ends one side with 40P01, and the issuer asks again.
create table wardkeep.turn (
  actor text not null,
  -- Empty: what the issuer decides about the actor everywhere. The application's functions lock within their tenant only.
  tenant text not null,
  primary key (actor, tenant)
);
comment on table wardkeep.turn is 'Rows that are locked while something is decided about an actor. They hold no fact.';
alter table wardkeep.turn enable row level security;

create function wardkeep.alone(actor text, tenant text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  -- Again where the row was forgotten while it was waited for.
  loop
    insert into wardkeep.turn as t (actor, tenant) values (coalesce(alone.actor, ''), coalesce(alone.tenant, '')) on conflict do nothing;
    perform from wardkeep.turn t where t.actor = coalesce(alone.actor, '') and t.tenant = coalesce(alone.tenant, '') for update;
    exit when found;
  end loop;
end
$$;
comment on function wardkeep.alone(text, text) is
  'Internal: waits until nobody else decides about this actor in this tenant; with an empty tenant, until no session is issued or ended.';

create function wardkeep.beside(actor text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  loop
    insert into wardkeep.turn as t (actor, tenant) values (beside.actor, '') on conflict do nothing;
    perform from wardkeep.turn t where t.actor = beside.actor and t.tenant = '' for share;
    exit when found;
  end loop;
end
$$;
comment on function wardkeep.beside(text) is 'Internal: waits for whoever ends this actor''s sessions, and lets others issue.';

create function wardkeep.tenant_alone(name text) returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform from wardkeep.known_tenant k where k.tenant = tenant_alone.name for no key update;
  return found;
end
$$;
comment on function wardkeep.tenant_alone(text) is
  'Internal: waits until no token of this tenant is being issued, and holds off the next; false where there is no such tenant.';

create function wardkeep.tenant_beside(name text) returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform from wardkeep.known_tenant k where k.tenant = tenant_beside.name for share;
  return found;
end
$$;
comment on function wardkeep.tenant_beside(text) is
  'Internal: waits for whoever changes this tenant, and lets others issue; false where there is no such tenant. Read its branches afterwards.';

create function wardkeep.tenant_kept(name text) returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform from wardkeep.known_tenant k where k.tenant = tenant_kept.name for key share;
  return found;
end
$$;
comment on function wardkeep.tenant_kept(text) is
  'Internal: holds off the end of this tenant and nothing else, so that it finds what is written now; false where there is no such tenant.';

-- The table and no row made for it: each request shares the row of its key anyway, so issuing pays nothing, and a key that
-- is added meanwhile waits too. Tables have a queue; on a row, people who sign in without a pause would pass apply for ever.
create function wardkeep.policy_alone() returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform wardkeep.require_read_committed();
  lock table wardkeep.signing_key in exclusive mode;
end
$$;
comment on function wardkeep.policy_alone() is
  'Internal: waits for sessions that are issued under the policy in force, whose tokens the next statement sees, and holds off others until the new one is there. Fails with WK009.';

create function wardkeep.hold_access(of_actor text, in_tenant text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform from wardkeep.assignment a
    where a.actor = of_actor and (in_tenant is null or a.tenant = in_tenant) and a.revoked_at is null order by a.id for update;
  if in_tenant is null then
    perform from wardkeep.support s where s.actor = of_actor and s.ended_at is null order by s.id for update;
    perform from wardkeep.session s where s.actor = of_actor and s.ended_at is null order by s.id for update;
  end if;
  perform from wardkeep.token t
    where t.actor = of_actor and (in_tenant is null or t.tenant = in_tenant) order by t.digest for update;
end
$$;
comment on function wardkeep.hold_access(text, text) is
  'Internal: locks what an actor holds in one tenant, or everywhere with the sessions, in the one order, before any of it is taken away.';

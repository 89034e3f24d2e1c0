-- Who decides about an actor or a tenant waits for whoever decides about them already, by locks on rows that no login of
-- the application can reach. Not advisory locks: any login may take those, whatever their number, and pg_locks shows them.
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
  perform from wardkeep.known_tenant k where k.tenant = tenant_alone.name for update;
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

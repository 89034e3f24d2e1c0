create function wardkeep_audit.subjects_of(verb text, detail text) returns text[]
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  -- Parsed once: the parser is half of what a list's index entries cost.
  select case when verb = 'view' and detail like '%"subjects"%' then
    array(select jsonb_array_elements_text(case when jsonb_typeof(d.told) = 'array' then d.told end) from (select detail::jsonb -> 'subjects' offset 0) d(told)) end
$$;
comment on function wardkeep_audit.subjects_of(text, text) is
  'Internal: whom an event is about that is about several persons, for the index and for reading.';

create index event_subjects on wardkeep_audit.event using gin (wardkeep_audit.subjects_of(verb, detail))
  where verb = 'view' and subject is null;

create function wardkeep_audit.refuse_view() returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'views of this table are not recorded here' using errcode = 'WK411',
    hint = 'Run `wardkeep apply` with the policy file that the application uses.';
end
$$;
comment on function wardkeep_audit.refuse_view() is 'Internal: fails with WK411.';

-- Scalars and one INSERT: it runs inside the statement that shows the rows. Each function and operator of an expression is
-- made ready again in every transaction, whether it is reached or not: what is seldom needed stands behind an IF.
create function wardkeep_audit.record_view(
  of_relation text, of_groups text[], persons text[], shown integer, found_by text, of_statement text, soon boolean
) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  said text := '{"source":"exact"}';
  synced text;
begin
  if found_by is distinct from 'exact' or of_statement is not null or cardinality(persons) > 1 then
    persons := array(select distinct p collate "C" from unnest(persons) p where p is not null order by 1);
    said := concat('{"source":', to_json(case when found_by in ('exact', 'fetched', 'declared') then found_by else 'undetermined' end),
      ',"statement":' || to_json(of_statement)::text, case when persons[2] is not null then ',"subjects":' || to_json(persons)::text end, '}');
  end if;
  if coalesce(of_relation <> all (wardkeep_audit.viewed_tables()), true) then
    if coalesce(of_relation not like '%()', true) then
      perform wardkeep_audit.refuse_view();
    end if;
  end if;
  -- Seen by the sealer and by everybody at once; on the disk within three times wal_writer_delay. Whatever wrote before in
  -- this transaction waits for the disk, and so does the view of it. An assignment is worked out without a query.
  synced := case when soon and pg_current_xact_id_if_assigned() is null then set_config('synchronous_commit', 'off', true) end;
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, subject, groups, n, detail)
  select c.tenant, wardkeep_audit.one_branch(c), c.actor, wardkeep_audit.allowed_as(c.role, c.purpose, 'read', of_relation), c.purpose, c.session_id,
         nullif(current_setting('wardkeep.request', true), ''), 'view', of_relation,
         case when persons[2] is null then persons[1] end, coalesce(of_groups, '{}'), greatest(shown, 0), said
    from wardkeep.in_force() c;
  if not found then
    -- Asked again only for its refusal; no row is shown where there is an answer by now.
    perform wardkeep.verified();
    if exists (select from wardkeep.in_force()) then
      perform wardkeep_audit.refuse_unwritten();
    end if;
    perform wardkeep_audit.refuse_tenant();
  end if;
  return true;
end
$$;
comment on function wardkeep_audit.record_view(text, text[], text[], integer, text, text, boolean) is
  'Records what the application was shown of one table: who, where and why are the verified context''s. With `soon` a transaction that wrote nothing before commits without waiting for the disk. Fails with WK1xx, and with WK411 for a table whose views the policy file does not record.';

create function wardkeep_audit.record_views(seen jsonb) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform wardkeep_audit.record_view(s.relation, s.groups, s.subjects, s.n, s.source, s.statement, s.soon)
    from jsonb_to_recordset(seen) s (relation text, groups text[], subjects text[], n integer, source text, statement text, soon boolean);
end
$$;
comment on function wardkeep_audit.record_views(jsonb) is
  'Records several views, one event per table, as record_view does. Fails with WK1xx and WK411.';

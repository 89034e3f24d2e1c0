create function wardkeep_audit.subjects_of(verb text, detail text) returns text[]
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case when verb = 'view' and detail like '%"subjects"%' then
    array(select jsonb_array_elements_text(detail::jsonb -> 'subjects') where jsonb_typeof(detail::jsonb -> 'subjects') = 'array') end
$$;
comment on function wardkeep_audit.subjects_of(text, text) is
  'Internal: whom an event is about that is about several persons, for the index and for reading.';

create index event_subjects on wardkeep_audit.event using gin (wardkeep_audit.subjects_of(verb, detail))
  where verb = 'view' and subject is null;

-- How many views are of nobody in particular: what an answer about one person cannot rule out.
create index event_undetermined on wardkeep_audit.event (tenant, at)
  where verb = 'view' and (detail like '{"source":"undetermined"%' or detail like '{"source":"declared"%');

create function wardkeep_audit.refuse_view() returns text
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'views of this table are not recorded here' using errcode = 'WK411',
    hint = 'Run `wardkeep apply` with the policy file that the application uses.';
end
$$;
comment on function wardkeep_audit.refuse_view() is 'Internal: fails with WK411.';

create function wardkeep_audit.record_views(seen jsonb) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep.verified();
  -- The one branch of the context, worked out once.
  one_branch text := wardkeep_audit.one_branch(c);
begin
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, subject, groups, n, detail)
  select coalesce(c.tenant, ''), one_branch, c.actor, c.role, c.purpose, c.session_id,
         nullif(current_setting('wardkeep.request', true), ''), 'view',
         case when s.relation = any (wardkeep_audit.viewed_tables()) or s.relation like '%()' then s.relation else wardkeep_audit.refuse_view() end,
         case when cardinality(s.subjects) = 1 then s.subjects[1] end, coalesce(s.groups, '{}'), coalesce(s.n, 0),
         json_strip_nulls(json_build_object('source', s.source, 'statement', s.statement,
           'subjects', case when cardinality(s.subjects) > 1 then to_json(s.subjects) end))::text
    from jsonb_to_recordset(seen) s (relation text, subjects text[], groups text[], n integer, source text, statement text);
end
$$;
comment on function wardkeep_audit.record_views(jsonb) is
  'Records what the application was shown, one event per table: who, where and why are the verified context''s. Fails with WK1xx, and with WK411 for a table whose views the policy file does not record.';

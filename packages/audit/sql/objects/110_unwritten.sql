create function wardkeep_audit.refuse_unwritten() returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'the log did not take an event that was written to it' using errcode = 'WK461',
    hint = 'A rule or a trigger on wardkeep_audit.event or one of its partitions swallows events: `wardkeep audit verify` and `wardkeep plan` name it. Drop it. Nothing was written.';
end
$$;
comment on function wardkeep_audit.refuse_unwritten() is
  'Internal: fewer events are in the log than were written to it. Fails with WK461.';

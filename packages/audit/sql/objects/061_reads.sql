-- `reads`: the tables that the text of an export reads. Rows of another one leave with it, so they need its cell too, and nobody says whose they are.
create function wardkeep_audit.require_read_cells(c wardkeep.token, verb text, relation text, what jsonb) returns text[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  others text[] := array(select distinct r.name from jsonb_array_elements_text(what -> 'reads') r(name) where r.name <> relation order by 1);
  one text;
begin
  foreach one in array others loop
    perform wardkeep_audit.require_cell(c, verb, one, null, true);
  end loop;
  return others;
end
$$;
comment on function wardkeep_audit.require_read_cells(wardkeep.token, text, text, jsonb) is
  'Internal: the further tables that the rows of an export are of, each with its cell checked. Fails with WK204, WK205, WK430.';

create function wardkeep_audit.note_unnamed(c wardkeep.token, verb text, relations text[], main text, columns text[], detail text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  one text;
begin
  foreach one in array relations loop
    insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, groups, n, detail)
    values (c.tenant, wardkeep_audit.one_branch(c), c.actor, wardkeep_audit.allowed_as(c.role, c.purpose, verb, one), c.purpose, c.session_id, wardkeep.request_id(), verb, one,
      wardkeep_audit.handled_groups(one, case when one = main then columns end), 0, detail);
    if not found then
      perform wardkeep_audit.refuse_unwritten();
    end if;
  end loop;
end
$$;
comment on function wardkeep_audit.note_unnamed(wardkeep.token, text, text[], text, text[], text) is
  'Internal: records that rows of tables leave of which nobody says whose they are. Fails with WK461.';

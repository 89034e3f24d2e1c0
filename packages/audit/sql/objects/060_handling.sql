-- What is asked for by verb: exports, shares, denials, sign-ins, emergencies; what a gap in the log rests on; and the views of
-- nobody in particular, which an answer about one person cannot rule out. One index: its condition is made ready for every
-- event, also for those that it leaves out.
create index event_verb on wardkeep_audit.event (verb, tenant, at)
  where verb in ('download', 'print', 'export', 'share', 'deny', 'login', 'break_glass', 'retention', 'rotation', 'incarnation')
     or verb = 'view' and (detail like '{"source":"undetermined"%' or detail like '{"source":"declared"%');

-- What the matrix says about an action that the database cannot see. Raises unless this context holds the cell.
create function wardkeep_audit.require_cell(c wardkeep.token, verb text, relation text, columns text[], bulk boolean) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  cell jsonb := wardkeep_audit.handling_cells() -> relation -> verb -> c.db_role;
begin
  if cell is null or 'read ' || relation = any (c.denied) then
    raise exception 'this role may not % what is in %', verb, left(relation, 130) using errcode = 'WK430';
  end if;
  -- Raises with WK204 or WK205, as where the database sees the action.
  perform wardkeep.tenant_for(current_setting('role'),
    case when cell ? 'purposes' then array(select jsonb_array_elements_text(cell -> 'purposes')) end,
    (cell ->> 'mfa')::integer, statement_timestamp());
  if cell ? 'columns' and (columns is null or not columns <@ array(select jsonb_array_elements_text(cell -> 'columns'))) then
    raise exception 'this role may % some columns of % only', verb, relation using errcode = 'WK430',
      hint = 'Name the columns that are handed out; the policy file lists those that may be.';
  end if;
  if bulk and coalesce((cell ->> 'tied')::boolean, false) then
    raise exception 'this role may % certain rows of % only', verb, relation using errcode = 'WK430',
      hint = 'Name the records; each is compared with the condition. A text that is exported shows their key and reads no other table.';
  end if;
  if bulk and c.subjects is not null then
    raise exception 'a confined role hands out named records only' using errcode = 'WK430',
      hint = 'Name the records. A text that is exported shows their key and reads no other table.';
  end if;
  return cell;
end
$$;
comment on function wardkeep_audit.require_cell(wardkeep.token, text, text, text[], boolean) is
  'Internal: the cell of the matrix for download, print, export or share. Fails with WK204, WK205, WK430.';

create function wardkeep_audit.handling_detail(phase text, id uuid, what jsonb) returns text
  language sql immutable
  return json_strip_nulls(json_build_object('phase', phase, 'transfer', id, 'file', what ->> 'file',
    'seconds', what -> 'seconds', 'filters', what -> 'filters'))::text;
comment on function wardkeep_audit.handling_detail(text, uuid, jsonb) is 'Internal: what an event of a download says of it.';

create function wardkeep_audit.handled_groups(of_relation text, columns text[]) returns text[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select g.key from jsonb_each(wardkeep_audit.handling_cells() -> of_relation -> 'groups') g
                where columns is null or g.value ?| columns order by 1);
end
$$;
comment on function wardkeep_audit.handled_groups(text, text[]) is 'Internal: the groups of the columns that leave; all where none is named.';

create function wardkeep_audit.begin_handling(what jsonb) returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep.verified();
  verb text := what ->> 'verb';
  relation text := what ->> 'relation';
  keys text[] := array(select distinct jsonb_array_elements_text(what -> 'records'));
  columns text[] := case when what ? 'columns' then array(select jsonb_array_elements_text(what -> 'columns')) end;
  -- Whether nothing leaves but the named records. Of the rows of a text that takes that it shows their key.
  named boolean := cardinality(keys) > 0 and (not what ? 'reads' or coalesce(what -> 'shows' ? (wardkeep_audit.handling_cells() -> relation ->> 'key'), false));
  made wardkeep_audit.transfer;
  asked wardkeep.token;
  others text[];
  found integer;
  told integer;
  persons text[];
  phase text;
  records text[];
begin
  if verb is null or verb not in ('download', 'print', 'export', 'share') or relation is null then
    raise exception 'neither download, print, export nor share of a table' using errcode = 'WK434';
  end if;
  if cardinality(keys) > 1000 or octet_length(what::text) > 100000 or length(coalesce(what ->> 'filters', '')) > 2000
     or length(coalesce(what ->> 'file', '')) > 200 then
    raise exception 'too much is named: at most 1,000 records, 2,000 characters of filters, 200 of a file''s name' using errcode = 'WK434';
  end if;
  perform wardkeep_audit.require_cell(c, verb, relation, columns, not named);
  others := wardkeep_audit.require_read_cells(c, verb, relation, what);
  asked := c;
  c.role := wardkeep_audit.allowed_as(c.role, c.purpose, verb, relation);
  if verb = 'share' then
    return wardkeep_audit.begin_share(c, what, relation, keys);
  end if;
  -- A signed address is out of our hands at once: there is nothing to end.
  phase := case when what ? 'seconds' then 'signed' else 'begun' end;
  if phase = 'signed' and (cardinality(keys) <> 1 or coalesce(what ->> 'seconds', '') !~ '^([1-9]|[1-5][0-9]|60)$') then
    raise exception 'an address is signed for one record and for 1 to 60 seconds' using errcode = 'WK434';
  end if;
  made.id := gen_random_uuid();
  if cardinality(keys) > 0 then
    with h as materialized (select * from wardkeep_audit.handled(c, verb, relation, keys)),
    event as (
      insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, groups, detail)
      select c.tenant, coalesce(h.branch, wardkeep_audit.one_branch(c)), c.actor, c.role, c.purpose, c.session_id, wardkeep.request_id(), verb, relation,
             h.record, h.subject, wardkeep_audit.handled_groups(relation, columns), wardkeep_audit.handling_detail(phase, made.id, what)
        from h returning 1)
    select count(distinct h.record), array_agg(distinct h.subject), array_agg(distinct h.record), (select count(*) from event) into found, persons, records, told from h;
    if found <> cardinality(keys) then
      raise exception 'not each of the records is there' using errcode = 'WK431';
    end if;
    if told < found then
      perform wardkeep_audit.refuse_unwritten();
    end if;
  end if;
  perform wardkeep_audit.note_unnamed(asked, verb, case when named then others else relation || others end, relation, columns, wardkeep_audit.handling_detail(phase, made.id, what));
  if phase = 'signed' then
    return jsonb_build_object('id', made.id, 'tenant', c.tenant, 'record', records[1]);
  end if;
  -- Nobody can end these any more: no session lasts longer than a day.
  delete from wardkeep_audit.transfer t where t.tenant = c.tenant and t.begun_at < clock_timestamp() - interval '25 hours';
  insert into wardkeep_audit.transfer (id, tenant, session, verb, relation, subject)
  values (made.id, c.tenant, c.session_id, verb, relation, case when named and others = '{}' and cardinality(persons) = 1 then persons[1] end);
  return jsonb_build_object('id', made.id, 'tenant', c.tenant, 'within', case when named and what ? 'reads' then jsonb_build_object('key', wardkeep_audit.handling_cells() -> relation ->> 'key', 'records', records) end);
end
$$;
comment on function wardkeep_audit.begin_handling(jsonb) is
  'Records that rows are about to leave: who, what, whose, for what, with the cell of the matrix checked. Fails with WK1xx, WK204, WK205, WK430, WK431, WK434.';

-- One statement changes the branch of every row: PostgreSQL checks foreign keys at its end, so the order of composite keys
-- is no question. It is generated from the policy file (wk_move_person, wk_merge_branch) and runs as the owner, under the
-- fence of the caller's context, which must hold both branches.
create function wardkeep.movable(roles jsonb, from_branch text, to_branch text, reason text) returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.authority_to_cross(roles, 'this role may not move that', 'WK231');
begin
  if from_branch is not distinct from to_branch or not coalesce(array[from_branch, to_branch] <@ wardkeep.branches(), false) then
    raise exception 'a move is from one branch of the context to another one of it' using errcode = 'WK231';
  end if;
  if coalesce(btrim(reason), '') = '' then
    raise exception 'a move needs a reason' using errcode = 'WK231';
  end if;
  return me;
end
$$;
comment on function wardkeep.movable(jsonb, text, text, text) is
  'Internal: the token in force, if it is of one of the roles and holds both branches. Fails with WK1xx, WK231.';

create function wardkeep.move_rows(statement text, from_branch text, to_branch text, subject text) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  moved jsonb;
  of_table text;
  of_constraint text;
begin
  execute statement using from_branch, to_branch, subject into moved;
  return moved;
exception
  when foreign_key_violation then
    get stacked diagnostics of_table = table_name, of_constraint = constraint_name;
    raise exception 'rows hang together across the two branches: % of %', of_constraint, of_table using errcode = 'WK231',
      hint = 'A row that would move refers to one that stays, or the other way round, or was written meanwhile.';
  when unique_violation or exclusion_violation then
    get stacked diagnostics of_table = table_name, of_constraint = constraint_name;
    raise exception 'the other branch has the same key already: % of %', of_constraint, of_table using errcode = 'WK231',
      hint = 'Change or remove one of the two rows first.';
  when invalid_text_representation then
    raise exception 'there is no such person in the branch' using errcode = 'WK231';
  when undefined_table or undefined_function then
    get stacked diagnostics of_table = pg_exception_context;
    raise exception 'a trigger of a table that moves names what is not in its search path: %',
      coalesce(substring(of_table from 'PL/pgSQL function ([^(]+)'), 'see the trigger functions of the tables') using errcode = 'WK233',
      hint = 'A move runs with the search path pg_catalog, pg_temp: qualify the names, or write set search_path on that function.';
end
$$;
comment on function wardkeep.move_rows(text, text, text, text) is
  'Internal: runs the generated statement, and says which constraint or trigger stopped it. Fails with WK231, WK233.';

create function wardkeep.move_patient(for_subject text, from_branch text, to_branch text, reason text) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  rule jsonb := (select r.crossings from wardkeep.policy_rule r);
  me wardkeep.token := wardkeep.movable(rule -> 'movedBy', from_branch, to_branch, reason);
  moved jsonb;
  made uuid;
begin
  perform wardkeep.require_read_committed();
  perform wardkeep.tenant_kept(me.tenant);
  perform from wardkeep.referral r where r.tenant = me.tenant and r.subject = for_subject and r.ended_at is null order by r.id for update;
  perform from wardkeep.token t where t.tenant = me.tenant and for_subject = any (t.subjects) order by t.digest for update;
  me := wardkeep.movable(rule -> 'movedBy', from_branch, to_branch, reason);
  perform wardkeep.carry_ledger(me.tenant, from_branch, to_branch, for_subject, reason);
  moved := wardkeep.move_rows(format('select %I.wk_move_person($1, $2, $3)', rule ->> 'schema'), from_branch, to_branch, for_subject);
  if (moved ->> (rule ->> 'people'))::bigint is distinct from 1 then
    raise exception 'there is no such person in the branch' using errcode = 'WK231';
  end if;
  -- What was opened for this person is of a branch where the person is no more.
  perform wardkeep.end_referrals(me.tenant, null, for_subject, me.actor, 'the person was moved');
  delete from wardkeep.token t where t.tenant = me.tenant and for_subject = any (t.subjects);
  insert into wardkeep.move as m (tenant, from_branch, to_branch, subject, reason, moved_by, moved_as, rows)
  values (me.tenant, from_branch, to_branch, for_subject, reason, me.actor, me.role, moved) returning m.id into made;
  perform wardkeep.note_crossing(me, array[from_branch, to_branch], 'create', 'move', made::text, for_subject, jsonb_build_object('reason', reason, 'rows', moved));
  return made;
end
$$;
comment on function wardkeep.move_patient(text, text, text, text) is
  'Moves a person and every row that hangs on it to another branch of the context, in this transaction. The consent ledger goes along. Ends what was opened for the person. Fails with WK1xx, WK009, WK231, WK232, WK233, WK503.';

create function wardkeep.merge_branches(from_branch text, to_branch text, reason text) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  rule jsonb := (select r.crossings from wardkeep.policy_rule r);
  me wardkeep.token := wardkeep.movable(rule -> 'mergedBy', from_branch, to_branch, reason);
  moved jsonb;
  made uuid;
begin
  perform wardkeep.require_read_committed();
  -- First the branch, as whoever deletes one does: who inserts a row of it waits here, and finds it gone.
  perform wardkeep.move_rows(format('select %I.wk_hold_branch($1)', rule ->> 'schema'), from_branch, to_branch, null);
  perform wardkeep.tenant_alone(me.tenant);
  perform from wardkeep.assignment a where a.tenant = me.tenant and a.branch = from_branch and a.revoked_at is null order by a.id for update;
  perform wardkeep.hold('{}', array[from_branch]);
  me := wardkeep.movable(rule -> 'mergedBy', from_branch, to_branch, reason);
  perform wardkeep.carry_ledger(me.tenant, from_branch, to_branch, null, reason);
  moved := wardkeep.move_rows(format('select %I.wk_merge_branch($1, $2)', rule ->> 'schema'), from_branch, to_branch, null);
  insert into wardkeep.move as m (tenant, from_branch, to_branch, reason, moved_by, moved_as, rows)
  values (me.tenant, from_branch, to_branch, reason, me.actor, me.role, moved) returning m.id into made;
  perform wardkeep.note_crossing(me, array[from_branch, to_branch], 'create', 'move', made::text, null, jsonb_build_object('reason', reason, 'rows', moved));
  perform wardkeep.revoke_one(a.id, me.actor, 'branch closed')
    from (select h.id from wardkeep.assignment h where h.tenant = me.tenant and h.branch = from_branch and h.revoked_at is null order by h.id) a;
  -- Its mirror takes it out of groups and of open sessions, this one among them.
  perform wardkeep.move_rows(format('select %I.wk_close_branch($1)', rule ->> 'schema'), from_branch, to_branch, null);
  return made;
end
$$;
comment on function wardkeep.merge_branches(text, text, text) is
  'Puts every row of a branch into another branch of the context and closes it: its row goes, assignments to it end, sessions lose it. Fails with WK1xx, WK009, WK231, WK232, WK233, WK503.';

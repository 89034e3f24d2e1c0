-- What the consent ledger holds about who moves, before any row does: each then finds the bits of its person in the new branch.
-- Without the ledger there is nothing to carry.
create function wardkeep.carry_ledger(of_tenant text, from_branch text, to_branch text, for_subject text, reason text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regproc('wardkeep_consent.everybody') is null then
    return;
  end if;
  if for_subject is null then
    perform wardkeep_consent.carry_all(of_tenant, from_branch, to_branch, reason);
  else
    perform wardkeep_consent.carry(of_tenant, from_branch, to_branch, for_subject, reason);
  end if;
end
$$;
comment on function wardkeep.carry_ledger(text, text, text, text, text) is
  'Internal: carries the consent ledger of a person, or of everybody in a branch, to another branch. Fails with WK009, WK232.';

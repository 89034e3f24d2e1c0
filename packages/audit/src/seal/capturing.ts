/** The triggers that record, of `pg_trigger t`: those of the policy's tables, and of emergencies. */
export const capturing = "(t.tgname like 'wk\\_audit\\_%' or t.tgname = 'wk_sealed_emergency')"

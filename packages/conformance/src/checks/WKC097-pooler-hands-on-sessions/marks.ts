import { randomBytes, randomInt } from "node:crypto"

/** Something of the probe's own that outlives a transaction, under names that nobody else has. */
export interface Mark {
  readonly name: string
  /** By which it can be found. */
  readonly word: string
  readonly leave: string
  /** Returns a row where it is there. */
  readonly meet: string
  readonly clear: string
}

/** Nothing of a tenant is in them, because whoever gets the session next may be a real user. */
export function marks(): Mark[] {
  const word = `wk${randomBytes(9).toString("hex")}`
  const number = randomInt(1_000_000_000, 2_000_000_000)
  return [
    {
      name: "a setting",
      word,
      leave: `select pg_catalog.set_config('wk_probe.${word}', 'left', false)`,
      meet: `select 1 where pg_catalog.current_setting('wk_probe.${word}', true) = 'left'`,
      clear: `reset wk_probe.${word}`,
    },
    {
      name: "a prepared statement",
      word,
      leave: `prepare ${word} as select 1`,
      meet: `select 1 from pg_catalog.pg_prepared_statements where name = '${word}'`,
      clear: `deallocate ${word}`,
    },
    {
      name: "a temporary table",
      word,
      leave: `create temporary table ${word} as select 1 as n`,
      meet: `select 1 where pg_catalog.to_regclass('pg_temp.${word}') is not null`,
      clear: `drop table pg_temp.${word}`,
    },
    {
      name: "a cursor with rows",
      word,
      leave: `begin; declare ${word} cursor with hold for select 1; commit`,
      meet: `select 1 from pg_catalog.pg_cursors where name = '${word}'`,
      clear: `close ${word}`,
    },
    {
      name: "an advisory lock",
      word: String(number),
      leave: `select pg_catalog.pg_advisory_lock(${number})`,
      meet: `select 1 from pg_catalog.pg_locks where locktype = 'advisory' and objid = ${number} and pid = pg_catalog.pg_backend_pid() and granted`,
      clear: `select pg_catalog.pg_advisory_unlock(${number})`,
    },
    {
      name: "a LISTEN",
      word,
      leave: `listen ${word}`,
      meet: `select 1 from pg_catalog.pg_listening_channels() as channel where channel = '${word}'`,
      clear: `unlisten ${word}`,
    },
  ]
}

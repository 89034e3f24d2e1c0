import type { Ask } from "@wardkeep/postgres/client"

/**
 * What a text reads changes without its text, its result's columns or an error telling: a view that is replaced, a function, a
 * name that another table has now, a column that may be empty. The row versions of these definitions tell. Temporary tables come and go with every session.
 */
const versions = `select pg_catalog.concat_ws(' ', count(*), sum(pg_catalog.hashtextextended(d.version, 0)::numeric)) as version from (
  select n.oid || ' ' || n.nspname from pg_catalog.pg_namespace n
  union all select pg_catalog.concat_ws(' ', c.oid, c.relname, c.relnamespace, c.reloptions::text) from pg_catalog.pg_class c
    where c.oid >= 16384 and c.relkind in ('r', 'p', 'f', 'v', 'm') and c.relpersistence <> 't'
  union all select p.oid || ' ' || p.xmin from pg_catalog.pg_policy p
  union all select r.oid || ' ' || r.xmin from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class where r.oid >= 16384 and c.relpersistence <> 't'
  union all select p.oid || ' ' || p.xmin from pg_catalog.pg_proc p where p.oid >= 16384
  union all select a.attrelid || ' ' || a.attnum || ' ' || a.xmin from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
    where c.oid >= 16384 and c.relkind in ('r', 'p', 'f', 'v', 'm') and c.relpersistence <> 't'
  union all select i.indexrelid || ' ' || i.xmin from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indrelid
    where i.indisprimary and c.oid >= 16384 and c.relpersistence <> 't'
  union all select h.inhrelid || ' ' || h.xmin from pg_catalog.pg_inherits h join pg_catalog.pg_class c on c.oid = h.inhrelid
    where c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
) d (version)`

/** Looks, now and then, whether what texts are made of is still what it was. */
export class Definitions {
  /** Milliseconds that an answer is trusted for. */
  readonly #trusted: number
  readonly #changed: () => void
  #asked = Number.NEGATIVE_INFINITY
  #known: string | undefined

  constructor(trusted: number, changed: () => void) {
    this.#trusted = trusted
    this.#changed = changed
  }

  /** Undefined where the last answer is young enough, or on its way to another call. */
  look(ask: Ask): Promise<void> | undefined {
    const now = performance.now()
    if (now - this.#asked < this.#trusted) return undefined
    this.#asked = now
    return this.#ask(ask)
  }

  async #ask(ask: Ask): Promise<void> {
    try {
      const [row] = await ask.query<{ version: string | null }>(versions, [])
      const version = row?.version ?? ""
      if (this.#known !== version) this.#changed()
      this.#known = version
    } catch {
      // Who asked may have been cancelled. Another call asks soon, and until one is answered nothing is taken for unchanged.
      this.#asked -= this.#trusted * 0.9
      this.#changed()
    }
  }
}

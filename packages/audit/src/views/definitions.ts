import type { Ask } from "@wardkeep/postgres/client"

/**
 * What a text reads changes without its text, its result's columns or an error telling: a view that is replaced, a function, a
 * column that may be empty now. The row versions of these definitions tell. Temporary tables come and go with every session.
 */
const versions = `select pg_catalog.md5(pg_catalog.string_agg(d.version, ',' order by d.version)) as version from (
  select r.oid || ' ' || r.xmin from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class where r.oid >= 16384 and c.relpersistence <> 't'
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
      if (this.#known !== undefined && this.#known !== version) this.#changed()
      this.#known = version
    } catch {
      // Who asked may have been cancelled; the next call asks.
      this.#asked = Number.NEGATIVE_INFINITY
    }
  }
}

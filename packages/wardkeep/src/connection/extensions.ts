import { audit } from "@wardkeep/audit"
import { consent } from "@wardkeep/consent"
import type { Extension } from "@wardkeep/postgres/migrate"
import type pg from "pg"

/** What this database has beside the wall. Read from the catalog: once installed, every plan goes on with it. */
export async function extensionsOf(client: pg.Client): Promise<Extension[]> {
  const { rows } = await client.query<{ name: string }>(
    "select nspname::text as name from pg_namespace where nspname in ('wardkeep_audit', 'wardkeep_consent')",
  )
  const there = new Set(rows.map(({ name }) => name))
  return [audit, consent].filter(({ migrations }) => there.has(migrations.schema))
}

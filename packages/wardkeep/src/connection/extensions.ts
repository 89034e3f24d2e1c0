import { audit } from "@wardkeep/audit"
import type { Extension } from "@wardkeep/postgres/migrate"
import type pg from "pg"

/** What this database has beside the wall. Read from the catalog: once installed, every plan goes on with it. */
export async function extensionsOf(client: pg.Client): Promise<Extension[]> {
  const { rows } = await client.query<{ there: boolean }>(
    "select exists (select from pg_namespace where nspname = 'wardkeep_audit') as there",
  )
  return rows[0]?.there === true ? [audit] : []
}

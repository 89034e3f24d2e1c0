import { WardkeepError } from "@wardkeep/core"
import { type Catalog, readCatalog } from "../catalog/catalog.js"
import { isTable, labelOf, quoted } from "../catalog/relation.js"
import { assignTenancy, guessTenantColumns } from "../catalog/tenancy.js"
import { tenantOf } from "../catalog/whose.js"
import { Connection, databaseUrl } from "../database/connection.js"
import { queryText } from "../sql-files.js"
import { parseTarget } from "./parse.js"
import type { TargetInput } from "./schema.js"

/**
 * A first target by looking: tenant columns by name, two keys that have rows, settings that policies read. Changes
 * nothing; whoever runs it reads and corrects it, and says of the tables it left undecided whose rows they hold.
 *
 * @throws WK005 cannot connect · WK009 not a PostgreSQL URL
 * @example const target = await draftTarget({ databaseUrl: process.env.WARDKEEP_ADMIN_URL ?? "" })
 */
export async function draftTarget(options: { readonly databaseUrl: string }): Promise<TargetInput> {
  const connection = await Connection.open(databaseUrl(options.databaseUrl, "--database-url"))
  try {
    const catalog = await readCatalog(connection, [])
    const [column] = guessTenantColumns(catalog)
    const tenantColumns = column === undefined ? [] : [column]
    assignTenancy(catalog, parseTarget({ tenantColumns }))
    const settings = ((await connection.rowsInTime(queryText("setting-names.sql"))) ?? []).map(({ name }) =>
      String(name),
    )
    const keys = await frequentKeys(connection, catalog)
    return {
      tenants: keys.map((key, place) => ({
        name: String.fromCharCode(65 + place),
        key,
        connect: {
          settings: Object.fromEntries(settings.filter((name) => name.includes(".")).map((name) => [name, key])),
        },
      })),
      tenantColumns,
      schemas: [...new Set(catalog.relations.map(({ schema }) => schema))],
      // Not global, which would take them out of every check: that they are everybody's is for a person to say.
      undecided: catalog.relations.filter((one) => isTable(one) && one.tenancy.by === "nothing").map(labelOf),
    }
  } finally {
    await connection.close()
  }
}

/** Two tenants that have rows, from the first table that holds two and shows them. */
async function frequentKeys(connection: Connection, { relations }: Catalog): Promise<string[]> {
  for (const relation of relations.filter((one) => isTable(one) && one.tenancy.by === "column")) {
    const rows = await connection
      .rowsInTime(
        `select ${tenantOf(relation, "wk_row")} as key from (select * from ${quoted(relation)} limit 10000) as wk_row group by 1 having ${tenantOf(relation, "wk_row")} is not null order by count(*) desc, 1 limit 2`,
      )
      .catch(refused)
    if (rows?.length === 2) return rows.map(({ key }) => String(key))
  }
  return []
}

/** A table that is not granted, or whose policy raises, leaves the others. */
function refused(thrown: unknown): undefined {
  if (!(thrown instanceof WardkeepError) || thrown.code !== "WK703") throw thrown
}

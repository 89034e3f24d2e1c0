import type pg from "pg"

/** What installing and maintaining need of a client: one dedicated connection, never a pool. */
export interface Queryable {
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string | pg.QueryConfig<unknown[]>,
    values?: readonly unknown[],
  ): Promise<pg.QueryResult<Row>>
}

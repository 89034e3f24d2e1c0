import pg from "pg"

/** What the driver's connection has for it; its own query answers that it has no source. */
interface CopySink {
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
}

class CopyIn extends pg.Query {
  readonly #lines: string

  constructor(sql: string, lines: string) {
    super(sql)
    this.#lines = lines
  }

  /** Called by the driver when the server is ready to take rows. */
  handleCopyInResponse(sink: CopySink): void {
    sink.sendCopyFromChunk(Buffer.from(this.#lines))
    sink.endCopyFrom()
  }
}

/** The rows that the server took. */
export async function copyFrom(client: pg.Client, sql: string, lines: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    const query = new CopyIn(sql, lines)
    query.once("error", reject)
    query.once("end", ({ rowCount }: pg.QueryResult) => resolve(rowCount ?? 0))
    client.query(query)
  })
}

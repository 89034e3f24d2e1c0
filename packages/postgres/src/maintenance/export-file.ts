import { createHash } from "node:crypto"
import { createWriteStream } from "node:fs"
import { join } from "node:path"
import { Transform } from "node:stream"
import { pipeline } from "node:stream/promises"
import type pg from "pg"
import { to as copyTo } from "pg-copy-streams"

/** What one tenant has in a file. */
export interface FilePart {
  readonly tenant: string
  /** COPY … TO STDOUT. */
  readonly copy: string
  /** Puts the tenant's context in force; nothing for tables that no fence guards. */
  readonly enter?: () => Promise<void>
}

export interface WrittenFile {
  readonly sha256: string
  /** Rows per part, in the order of the parts. */
  readonly rows: ReadonlyMap<string, number>
}

/** Writes the parts one after the other into a file that must not be there yet. */
export async function writeFileOfParts(
  client: pg.Client,
  target: { readonly directory: string; readonly file: string },
  parts: readonly FilePart[],
): Promise<WrittenFile> {
  const hash = createHash("sha256")
  const out = createWriteStream(join(target.directory, target.file), { flags: "wx", mode: 0o600 })
  const rows = new Map<string, number>()
  try {
    for (const { tenant, copy, enter } of parts) {
      await enter?.()
      const stream = client.query(copyTo(copy))
      const hashed = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk)
          done(null, chunk)
        },
      })
      await pipeline(stream, hashed, out, { end: false })
      rows.set(tenant, stream.rowCount)
    }
  } finally {
    await new Promise((resolve) => out.end(resolve))
  }
  return { sha256: hash.digest("hex"), rows }
}

import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { z } from "zod"

const file = fileURLToPath(new URL("../batches.json", import.meta.url))

/** The slugs of every batch that was frozen before the suite ran on it, the oldest batch first. */
export function readBatches(): Readonly<Record<string, readonly string[]>> {
  return z.record(z.string(), z.array(z.string()).nonempty()).parse(JSON.parse(readFileSync(file, "utf8")))
}

/** The slugs of these batches. */
export function slugsOf(batches: readonly string[]): string[] {
  const known = readBatches()
  return batches.flatMap((name) => {
    const slugs = known[name]
    if (slugs === undefined) throw new Error(`--batch ${name}: the batches are ${Object.keys(known).join(", ")}`)
    return slugs
  })
}

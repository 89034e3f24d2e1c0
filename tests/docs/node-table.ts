import { readFileSync } from "node:fs"
import { z } from "zod"
import { table } from "./table.ts"

const counted = z.strictObject({
  node: z.string(),
  on: z.iso.date(),
  passed: z.int(),
  failed: z.int(),
  skipped: z.int(),
})
const record = z.record(z.string(), z.partialRecord(z.enum(["22", "24"]), counted))
type Counted = z.infer<typeof counted>

const texts: Readonly<Record<string, string>> = {
  packages: "unit tests of every package",
  adapters: "the contract of frameworks and ORMs, PostgreSQL 18",
  identity: "the contract of sign-in, PostgreSQL 18",
  interleaving: "interleaved callers of the client, PostgreSQL 18",
  pooler: "the same through PgBouncer",
  packaging: "the packed tarballs, ESM and CommonJS",
}

const told = (one: Counted | undefined): string =>
  one === undefined
    ? "not run"
    : `${one.passed} passed${one.failed === 0 ? "" : `, **${one.failed} failed**`}${one.skipped === 0 ? "" : `, ${one.skipped} skipped`} (${one.node}, ${one.on})`

/** What `npm run nodes` counted when it was run last. */
export function nodeTable(): string {
  const kept = record.parse(JSON.parse(readFileSync(new URL("../contracts/nodes.json", import.meta.url), "utf8")))
  const rows = Object.entries(texts).map(([suite, text]) => [
    text,
    told(kept[suite]?.["22"]),
    told(kept[suite]?.["24"]),
  ])
  return table(["", "Node.js 22", "Node.js 24"], rows)
}

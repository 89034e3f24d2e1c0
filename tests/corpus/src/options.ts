import { parseArgs } from "node:util"
import { slugsOf } from "./batches.ts"
import type { Kind } from "./system.ts"

export interface Options {
  /** Where the score goes. */
  readonly json: string | undefined
  readonly kind: Kind | undefined
  /** Slugs to run, those of the batches among them; all when empty. */
  readonly only: readonly string[]
  /** Where each system's report is kept. */
  readonly reports: string | undefined
  /** Systems at a time. */
  readonly jobs: number
  /** Instead of the systems, one with so many tables, against the limits of time. */
  readonly tables: number | undefined
  /** Fail when a leak is missed, named wrongly or invented. */
  readonly check: boolean
}

export const usage = `npm run corpus -- [--server 13|14|15|16|17|18] [--json FILE] [--kind faulty|clean] [--only SLUG,…] [--batch NAME,…] [--reports FOLDER] [--jobs 2] [--check] [--tables 500]

  --server   major version of PostgreSQL; 18 unless said otherwise, all but 15 come from npm
  --json     write the score
  --batch    only the systems that were frozen together, as batches.json lists them
  --reports  keep the report of every system
  --jobs     systems at a time; they share one private server
  --tables   one system with so many tables instead: fails above 20 s in catalog mode or 5 minutes in probe mode
  --check    exit with 1 unless every leak is found with the right object and nothing is invented`

export function readArguments(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "string" },
      kind: { type: "string" },
      only: { type: "string", default: "" },
      batch: { type: "string", default: "" },
      reports: { type: "string" },
      jobs: { type: "string", default: "2" },
      check: { type: "boolean", default: false },
      tables: { type: "string" },
    },
  })
  const { kind } = values
  if (kind !== undefined && kind !== "faulty" && kind !== "clean") throw new Error("--kind is faulty or clean")
  const jobs = Number(values.jobs)
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error("--jobs is a whole number from 1")
  const tables = values.tables === undefined ? undefined : Number(values.tables)
  if (tables !== undefined && !(Number.isInteger(tables) && tables > 0))
    throw new Error("--tables is a whole number from 1")
  return {
    tables,
    json: values.json,
    kind,
    only: [...listed(values.only), ...slugsOf(listed(values.batch))],
    reports: values.reports,
    jobs,
    check: values.check,
  }
}

const listed = (text: string): string[] => text.split(",").filter((name) => name !== "")

import { parseArgs } from "node:util"
import type { Kind } from "./system.ts"

export interface Options {
  /** Where the score goes. */
  readonly json: string | undefined
  readonly kind: Kind | undefined
  /** Slugs to run; all when empty. */
  readonly only: readonly string[]
  /** Where each system's report is kept. */
  readonly reports: string | undefined
  /** Systems at a time. */
  readonly jobs: number
  /** Fail when a leak is missed, named wrongly or invented. */
  readonly check: boolean
}

export const usage = `npm run corpus -- [--server 13|14|15|16|17|18] [--json FILE] [--kind faulty|clean] [--only SLUG,…] [--reports FOLDER] [--jobs 2] [--check]

  --server   major version of PostgreSQL; 18 unless said otherwise, all but 15 come from npm
  --json     write the score
  --reports  keep the report of every system
  --jobs     systems at a time; they share one private server
  --check    exit with 1 unless every leak is found with the right object and nothing is invented`

export function readArguments(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "string" },
      kind: { type: "string" },
      only: { type: "string", default: "" },
      reports: { type: "string" },
      jobs: { type: "string", default: "2" },
      check: { type: "boolean", default: false },
    },
  })
  const { kind } = values
  if (kind !== undefined && kind !== "faulty" && kind !== "clean") throw new Error("--kind is faulty or clean")
  const jobs = Number(values.jobs)
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error("--jobs is a whole number from 1")
  return {
    json: values.json,
    kind,
    only: values.only.split(",").filter((slug) => slug !== ""),
    reports: values.reports,
    jobs,
    check: values.check,
  }
}

import { type AuditEvent, fhirAuditEvents, type Reading } from "@wardkeep/audit"
import { WardkeepError } from "@wardkeep/core"
import { writeCsv } from "@wardkeep/permissions"
import type { Command } from "commander"
import type pg from "pg"
import { withAuditLog } from "../../commands/audit/owner.js"
import {
  type CommandContext,
  type CommonOptions,
  connectionOf,
  examples,
  policyOf,
  printJson,
  withDatabase,
  withPolicy,
} from "../command-context.js"
import { coverageLines } from "./print.js"

interface ReadFlags extends CommonOptions {
  readonly tenant: string
  readonly reason: string
  readonly from?: string
  readonly to?: string
  readonly limit?: string
  readonly csv?: boolean
  readonly fhir?: string
}

export interface Asked {
  readonly client: pg.Client
  readonly tenant: string
  readonly reason: string
  readonly from?: string
  readonly to?: string
  readonly limit?: number
}

/** The options and the answer that every reading shares. */
export function reading<Flags extends object>(command: Command, context: CommandContext, lines: readonly string[]) {
  command
    .requiredOption("--tenant <id>", "whose log")
    .requiredOption("--reason <text>", "why; recorded")
    .option("--from <moment>", "from this moment on, ISO 8601")
    .option("--to <moment>", "up to this moment")
    .option("--limit <n>", "at most so many; default 1000")
    .option("--csv", "print the rows as CSV; what the answer rests on goes to standard error")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), lines)
  return {
    with: <T extends object, R extends Reading<T>>(
      ask: (asked: Asked, flags: Flags, ...args: (string | undefined)[]) => Promise<R & Reading<T>>,
      line: (row: T) => string,
      more: (found: R) => readonly string[] = () => [],
    ): Command =>
      command.action(async () => {
        const { output } = context
        const flags = command.opts<ReadFlags & Flags>()
        const window = windowOf(flags)
        const { policy } = await policyOf(flags, context)
        const found = await withAuditLog(connectionOf(flags, context), policy, (client) =>
          ask({ client, tenant: flags.tenant, reason: flags.reason, ...window }, flags, ...command.args),
        )
        if (flags.json) return printJson(output, found)
        const under = [...more(found), ...coverageLines(found.rows.length, found.coverage)]
        if (flags.csv) {
          output.out(csvOf(found.rows).trimEnd())
          for (const text of found.more ? [cut, ...under] : under) output.err(text)
          return
        }
        if (flags.fhir !== undefined) return printJson(output, fhirOf(flags, found.rows))
        for (const row of found.rows) output.out(line(row))
        if (found.more) output.out(cut)
        for (const text of under) output.out(output.paint("dim", text))
      }),
  }
}

const cut = "… there is more: give --limit, --from or --to"

/** A spreadsheet's rows; what holds several values is JSON. */
function csvOf(rows: readonly object[]): string {
  const columns = Object.keys(rows[0] ?? {})
  const cell = (value: unknown): string =>
    value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value)
  const lines = rows.map((row) => {
    const values = new Map<string, unknown>(Object.entries(row))
    return columns.map((column) => cell(values.get(column)))
  })
  return writeCsv(rows.length === 0 ? [] : [columns, ...lines])
}

function fhirOf(flags: { readonly fhir?: string; readonly subject?: string }, rows: readonly object[]): object {
  const address = flags.fhir ?? ""
  const site = { server: { name: address, address } }
  const events = rows.filter((row): row is AuditEvent => "verb" in row && "sealed" in row)
  const resources = fhirAuditEvents(events, { site, ...(flags.subject !== undefined && { subject: flags.subject }) })
  return { resourceType: "Bundle", type: "collection", entry: resources.map((resource) => ({ resource })) }
}

function windowOf({ from, to, limit }: ReadFlags): Pick<Asked, "from" | "to" | "limit"> {
  return {
    ...(from !== undefined && { from: momentOf("--from", from) }),
    ...(to !== undefined && { to: momentOf("--to", to) }),
    ...(limit !== undefined && { limit: limitOf(limit) }),
  }
}

export function momentOf(flag: string, text: string): string {
  const moment = new Date(text)
  if (/^\d{4}-/.test(text) && !Number.isNaN(moment.getTime())) return moment.toISOString()
  throw new WardkeepError("WK009", {
    message: `${flag} is not a moment`,
    hint: "Write 2026-11-01 or 2026-11-01T09:00Z.",
  })
}

export function limitOf(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit > 0 && limit <= 100_000) return limit
  throw new WardkeepError("WK009", { message: "--limit takes a whole number from 1 to 100000" })
}

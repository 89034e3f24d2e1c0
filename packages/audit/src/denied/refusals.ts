import type { Policy } from "@wardkeep/core"
import type { RefusalRecorder } from "@wardkeep/postgres/client"
import { recordsItsRefusals } from "../handling/call.js"

/**
 * Records what the client or the database refused somebody, on a session apart, so that a ROLLBACK does not take it along:
 * code and table, no values. Ten a minute and session are events, the rest is a count. Give it to `createWardkeep`.
 *
 * Not recorded: calls without a context or in one that ended, in whose name nothing can be written. Where it cannot be recorded the client's `log` says so, and the caller
 * gets the refusal all the same.
 *
 * @example const wk = createWardkeep({ pool, policy, refusals: recordRefusals(policy) })
 */
export function recordRefusals(policy: Pick<Policy, "tables">): RefusalRecorder {
  const tables = new Map([...policy.tables.keys()].reverse().map((name) => [name.slice(name.indexOf(".") + 1), name]))
  return {
    refused: async ({ code, message, reads, n }, ask) => {
      // Downloads record their own, with what was to be done.
      if (recordsItsRefusals(reads)) return
      const relation = tableIn(message, tables)
      await ask.query("select wardkeep_audit.record_denied($1::jsonb)", [JSON.stringify({ code, relation, n })])
    },
  }
}

/** PostgreSQL names the table in a sentence of whatever language. */
function tableIn(message: string, tables: ReadonlyMap<string, string>): string {
  for (const word of message.match(/[^\s"«»„“”'`,;:.]+/g) ?? []) {
    const found = tables.get(word)
    if (found !== undefined) return found
  }
  return ""
}

import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { type Policy, quoteIdent, roleNames, WardkeepError } from "@wardkeep/core"
import type { Strategy } from "../compile/current-strategy.js"
import { grantAccelerated } from "../compile/function-grants.js"
import { inTransaction } from "../database/in-transaction.js"
import type { Queryable } from "../database/queryable.js"
import { sqlDirectory } from "../migrate/sql-directory.js"

/** The object files that define what a strategy replaces. */
const portableFiles = ["030_refuse.sql", "090_fence_portable.sql", "100_token_readers.sql", "110_rule_readers.sql"]

/**
 * Chooses how the context is verified. `accelerated` needs one GRANT SET ON PARAMETER, which only a superuser may give;
 * without it the portable strategy stays. Policies and tables are not touched. Requests go on meanwhile.
 * Run `apply` afterwards, which records the new functions.
 *
 * @throws WK306 the parameter may not be granted here
 */
export async function useStrategy(admin: Queryable, policy: Policy, strategy: Strategy): Promise<void> {
  const { owner } = roleNames(policy)
  if (strategy === "accelerated") await grantParameter(admin, owner)
  // In one transaction: between two of these files neither strategy's functions fit the other's.
  await inTransaction(admin, async () => {
    await admin.query(`set local role ${quoteIdent(owner)}`)
    if (strategy === "portable") await restorePortable(admin)
    else {
      await admin.query(await readFile(join(sqlDirectory("strategy"), "accelerated.sql"), "utf8"))
      // Not left to apply: until then the application could not call what now verifies its context.
      await grantAccelerated(admin, policy)
    }
    // As an apply does, and last as there: functions that change together with this row were not replaced behind the log's back.
    await admin.query("update wardkeep.policy_state set applied_at = applied_at")
  })
}

async function grantParameter(admin: Queryable, owner: string): Promise<void> {
  const held = "select has_parameter_privilege($1, 'backtrace_functions', 'SET') as held"
  if ((await admin.query<{ held: boolean }>(held, [owner])).rows[0]?.held === true) return
  try {
    await admin.query(`grant set on parameter backtrace_functions to ${quoteIdent(owner)}`)
  } catch (cause) {
    throw new WardkeepError("WK306", {
      message: "this administrator may not grant a privileged parameter",
      hint: `Stay with the portable strategy, or have a superuser run: grant set on parameter backtrace_functions to ${quoteIdent(owner)}`,
      cause,
    })
  }
}

async function restorePortable(admin: Queryable): Promise<void> {
  for (const file of portableFiles) {
    const text = await readFile(join(sqlDirectory("objects"), file), "utf8")
    await admin.query(text.replaceAll(/^create function/gm, "create or replace function"))
  }
  await admin.query("drop function if exists wardkeep.enter(text, text)")
  await admin.query("drop function if exists wardkeep.refuse_entry(text, text)")
  await admin.query("drop function if exists wardkeep.branches_looked_up()")
  await admin.query("drop function if exists wardkeep.is_owner(text)")
}

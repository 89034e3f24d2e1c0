import { type Finding, WardkeepError } from "@wardkeep/core"
import { inTransaction } from "../database/in-transaction.js"
import { lockTables } from "../database/lock.js"
import type { Queryable } from "../database/queryable.js"
import { readBackSql } from "./left-over.js"
import { type Plan, type PlanOptions, plan } from "./plan.js"
import type { Step } from "./step.js"

export interface ApplyOptions extends PlanOptions {
  /** The plan that was shown. Without one, the plan of this moment is made and applied. */
  readonly plan?: Plan
  /** How long to wait for a table's lock before giving up, in milliseconds. Default 5000. */
  readonly lockTimeout?: number
}

export interface ApplyResult {
  readonly applied: number
  readonly findings: readonly Finding[]
}

/**
 * Applies the policy in one transaction: all of it or nothing. Narrowing comes before widening. A second run applies
 * nothing.
 *
 * @throws WK305 the database changed since the plan · WK304 rows in the way · WK303 objects of the host in the way, or on top of
 *   what goes · WK306 a privilege could not be taken away · WK301 a table was in use for longer than `lockTimeout`, or a step
 *   failed · WK001, WK002, WK007, WK008, WK009, WK302 as `plan`; nothing was changed then
 * @example await apply({ client, policy, plan: shown })
 */
export async function apply(options: ApplyOptions): Promise<ApplyResult> {
  const { client, policy, plan: shown, lockTimeout = 5000, extensions = [], accept = [] } = options
  const input = { client, policy, extensions }
  const applied = async (): Promise<ApplyResult> => {
    await client.query("select set_config('lock_timeout', $1, true), set_config('row_security', 'off', true)", [
      String(lockTimeout),
    ])
    await oneAtATime(client)
    const current = await plan({ ...input, accept }).catch(planTooLate)
    if (shown !== undefined && shown.hash !== current.hash) throw new WardkeepError("WK305")
    await lockAll(client, current.locks, lockTimeout)
    await client.query(current.remember.before)
    for (const step of current.steps) await runStep(client, step)
    if (current.steps.length > 0) await client.query("set constraints all immediate")
    await client.query(current.remember.after)
    await requireRemembered(client)
    if (current.steps.length > 0) await requireNothingLeft(input)
    return { applied: current.steps.length, findings: current.findings }
  }
  // Whatever the server's default: what is issued meanwhile must be seen, and ended.
  return await inTransaction(client, applied, "begin isolation level read committed")
}

/**
 * Making a plan takes weak locks on the host's tables, and keeps them: two that had both made one would wait for each other's
 * until both give up. The lock is on a table that no login may lock, and lets rows be written: the SQL of a plan does.
 */
async function oneAtATime(client: Queryable): Promise<void> {
  const { rows } = await client.query("select where to_regclass('wardkeep.policy_state') is not null")
  if (rows.length === 0) return // WK302 is for the plan to say
  await client.query("lock table wardkeep.policy_state in share update exclusive mode").catch((cause) => {
    throw tooLate(cause, "another apply, or maintenance of wardkeep.policy_state, took longer than the lock time-out")
  })
}

/** Holding one table while waiting for the next could deadlock, and PostgreSQL might end the application's side. */
async function lockAll(client: Queryable, tables: readonly string[], timeout: number): Promise<void> {
  try {
    await lockTables(client, tables, timeout)
  } catch (cause) {
    if (!(cause instanceof WardkeepError)) throw cause
    throw new WardkeepError("WK301", {
      message: `55P03 ${cause.message}: ${tables.join(", ")}`,
      hint: `Nothing was changed. ${cause.hint}`,
      cause,
    })
  }
  await client.query("select set_config('lock_timeout', $1, true)", [String(timeout)])
}

/** A plan reads definitions of the host's tables, and waits for whoever changes one. */
function planTooLate(cause: unknown): never {
  throw tooLate(cause, "a table was in use for longer than the lock time-out while the plan was made")
}

function tooLate(cause: unknown, what: string): unknown {
  if (typeof cause !== "object" || cause === null || !("code" in cause) || cause.code !== "55P03") return cause
  return new WardkeepError("WK301", {
    message: `55P03 ${what}`,
    hint: "Nothing was changed. Run again when it is quiet, or raise lockTimeout (`apply --lock-timeout`).",
    cause,
  })
}

/** The first state is not saved where the catalog changed between the plan and its first step. */
async function requireRemembered(client: Queryable): Promise<void> {
  const { rows } = await client.query("select from wardkeep.policy_state")
  if (rows.length === 0) throw new WardkeepError("WK305")
}

/** A REVOKE that could not take a privilege away only warns; a second plan in the same transaction tells. */
async function requireNothingLeft(input: PlanOptions): Promise<void> {
  const [left] = (await plan(input)).steps
  if (left === undefined) return
  throw new WardkeepError(left.sql.startsWith("revoke") ? "WK306" : "WK901", {
    message: `${left.object}: still to be done after it was done (${left.why})`,
    hint: `Nothing was changed. Run as the object's owner: ${left.sql}`,
  })
}

const broken: Readonly<Record<string, string>> = {
  "23502": "have no value",
  "23503": "refer to a row that is not there or to one of another branch",
  "23505": "are there twice",
}

async function runStep(client: Queryable, { object, why, sql, rows }: Step): Promise<void> {
  try {
    await client.query(sql)
  } catch (cause) {
    const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""
    if (code === "WK304" && cause instanceof Error) {
      const hint = "hint" in cause && typeof cause.hint === "string" ? cause.hint : ""
      throw new WardkeepError("WK304", { message: cause.message, hint })
    }
    if (code === "23503" || code === "23502" || code === "23505") {
      throw new WardkeepError("WK304", {
        message: `${object}: existing rows ${broken[code]} (${why})${rows === undefined ? "" : `: ${rows}`}`,
        hint: "Correct the rows and run again; nothing was changed.",
        detail: `SQLSTATE ${code}`,
      })
    }
    // Never CASCADE: what the host made on top of ours is not ours to drop.
    if (code === "2BP01" && cause instanceof Error) {
      const detail =
        "detail" in cause && typeof cause.detail === "string" ? `: ${cause.detail.replaceAll("\n", "; ")}` : ""
      throw new WardkeepError("WK303", {
        message: `${object}: ${cause.message}${detail}`,
        hint: "Nothing was changed. Drop what depends on it, or move it elsewhere, and run again.",
        detail: `step: ${why}`,
      })
    }
    throw new WardkeepError("WK301", {
      message: `${object}: ${code} ${cause instanceof Error ? cause.message : String(cause)}`,
      detail: `step: ${why}`,
      hint: "Nothing was changed. Correct the cause and run again.",
      cause,
    })
  }
}

export interface EmitOptions {
  /** False leaves `begin` and `commit` to a migration tool that opens a transaction around each file. Default true. */
  readonly transaction?: boolean
}

/**
 * The plan as plain SQL, for hosts with a migration tool of their own. Run it as the owner, in one transaction.
 *
 * @example await writeFile("migrations/20_wardkeep.sql", emit(await plan({ client, policy }), { transaction: false }))
 */
export function emit(shown: Plan, { transaction = true }: EmitOptions = {}): string {
  if (shown.steps.length === 0) return "-- nothing to do\n"
  const steps = shown.steps.map((step) => `-- ${step.object}: ${step.why}\n${step.sql};`).join("\n\n")
  const readBack = readBackSql(shown.steps)
  const parts = [
    "set local lock_timeout = '5s';\nset local row_security = off;",
    `-- What is there now, so that what the steps make can be told from it.\n${shown.remember.before};`,
    steps,
    ...(readBack === undefined ? [] : [`-- A REVOKE by somebody who is not the owner only warns.\n${readBack};`]),
    `-- wardkeep.policy_state: what was made here is no drift.\n${shown.remember.after};`,
  ]
  const body = `${parts.join("\n\n")}\n`
  if (transaction)
    return `-- Run as the owner role, in one transaction.\nbegin;\nset transaction isolation level read committed;\n${body}\ncommit;\n`
  return `-- Run as the owner role. Your tool must open one transaction around this file and commit it.\n${outsideFails}\n${body}`
}

// Outside of a transaction SET LOCAL only warns, and each step would commit alone: the fence could be half there.
const outsideFails = `set local wardkeep.one_transaction = 'yes';
do $$ begin
  if current_setting('wardkeep.one_transaction', true) is distinct from 'yes' then
    raise exception 'this file needs one transaction around it' using errcode = '25P01';
  end if;
end $$;`

import { readFile } from "node:fs/promises"
import { type Finding, type Policy, WardkeepError } from "@wardkeep/core"
import { apply as applyPlan, plan as makePlan, type Plan } from "@wardkeep/postgres/migrate"
import { extensionsOf } from "../connection/extensions.js"
import { type Connection, withOwner } from "../connection/owner.js"

export interface ApplyOptions {
  readonly policy: Policy
  readonly connection: Connection
  /** A plan that was shown before; its hash must still fit the database. */
  readonly plan?: Plan | undefined
  /** Facts of findings `drift-not-corrected` that are right as they are. A plan that was shown must have been made with them. */
  readonly accept?: readonly string[]
  /** How long to wait for the locks of tables in use, in milliseconds. Default 5000. */
  readonly lockTimeout?: number | undefined
  /** Shown the plan of this moment; nothing is applied unless it answers true. Not asked when `plan` is given. */
  readonly confirm?: (plan: Plan) => Promise<boolean>
}

export interface ApplyOutcome {
  readonly applied: number
  readonly findings: readonly Finding[]
  /** False when `confirm` said no. */
  readonly confirmed: boolean
}

/**
 * Applies the policy in one transaction: all of it or nothing. A second run applies nothing.
 *
 * @throws WK305 the database changed since the plan · WK009 `accept` names what is not open · WK301, WK304, WK306 a step failed ·
 *   WK001, WK002, WK007, WK008, WK303 as `plan` · WK005 · WK307 the login may not take the owner's role
 * @example await apply({ policy, connection: { env: process.env }, plan: await readPlan("plan.json") })
 */
export async function apply(options: ApplyOptions): Promise<ApplyOutcome> {
  const { policy, connection, plan, accept = [], lockTimeout = 5000, confirm } = options
  return await withOwner(connection, policy, async (client) => {
    const extensions = await extensionsOf(client)
    const shown = plan ?? (await makePlan({ client, policy, extensions, accept }))
    if (plan === undefined && shown.steps.length > 0 && confirm !== undefined && !(await confirm(shown))) {
      return { applied: 0, findings: shown.findings, confirmed: false }
    }
    const result = await applyPlan({ client, policy, plan: shown, extensions, accept, lockTimeout })
    return { ...result, confirmed: true }
  })
}

/**
 * Reads what `wardkeep plan --out FILE` wrote.
 *
 * @throws WK009 the file is missing or is not a plan
 */
export async function readPlan(path: string): Promise<Plan> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new WardkeepError("WK009", {
      message: `there is no plan file ${path}`,
      hint: "Run `wardkeep plan --out FILE`.",
      cause,
    })
  })
  const found = parse(text)
  if (isPlan(found)) return found
  throw new WardkeepError("WK009", {
    message: `${path} is not a plan`,
    hint: "Write it with `wardkeep plan --out FILE`, without --emit.",
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isPlan(found: unknown): found is Plan {
  return (
    typeof found === "object" &&
    found !== null &&
    "hash" in found &&
    typeof found.hash === "string" &&
    "steps" in found &&
    Array.isArray(found.steps) &&
    "findings" in found &&
    Array.isArray(found.findings)
  )
}

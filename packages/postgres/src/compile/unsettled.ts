import { type Finding, quoteLiteral, WardkeepError } from "@wardkeep/core"
import { type Difference, type Drifted, idsOf, severityOf } from "./drift.js"
import type { Settled } from "./remember.js"
import type { Step } from "./step.js"

/** What a plan has looked at, beside the facts themselves. */
export interface Judged {
  /** Objects of its steps, and what is made along with them. */
  readonly made: ReadonlySet<string>
  /** Tables and functions of Wardkeep itself, as facts. */
  readonly shipped: ReadonlySet<string>
  /** Facts that somebody takes as they are. */
  readonly accept: readonly string[]
}

export interface Judgement {
  readonly settled: Settled
  /** What no step corrects, and nobody accepted, each with its clones on partitions. */
  readonly open: readonly Difference[]
  /** Record what was accepted. */
  readonly accepted: readonly Step[]
}

/**
 * Tells differences that a plan answers for from those that it can neither correct nor judge.
 *
 * @throws WK009 `accept` names what is no fact
 */
export function judge(drift: Drifted, judged: Judged): Judgement {
  const { accept } = judged
  const open = drift.differences.filter(
    (difference) => difference.cloneOf === undefined && !isAnswered(difference, drift, judged),
  )
  const kept = new Set(open.map(({ fact }) => fact).filter((fact) => !accept.includes(fact)))
  const isLeft = ({ fact, cloneOf }: Difference): boolean => kept.has(cloneOf ?? fact)
  const left = drift.differences.filter(isLeft)
  const settled = drift.differences.filter((difference) => !isLeft(difference))
  return {
    settled: Object.fromEntries(settled.map(({ fact, is }) => [fact, is ?? null])),
    open: left,
    accepted: acceptSteps(open, accept),
  }
}

function isAnswered({ fact, was, is }: Difference, { saved, live }: Drifted, { made, shipped }: Judged): boolean {
  const object = fact.replace(/^(?:table|default|foreign key) /, "")
  if ([fact, object, ...idsOf(fact)].some((id) => made.has(id))) return true
  // Compared with the policy file by every plan, and each difference a step.
  if (fact.startsWith("acl ")) return true
  if (fact.startsWith("function ")) return shipped.has(fact) || (is === undefined && !isOfUnknown(fact, shipped))
  // A policy of somebody else's is in the way of every plan.
  if (fact.startsWith("policy ") && is === undefined) return true
  const table = `table ${relationOf(fact)}`
  const isOwn = /^table wardkeep(_audit|_lookup)?\./.test(table)
  // New with an extension. A month of the log is no fact itself, and what fires on it comes with none.
  if (isOwn) return saved[table] === undefined && live[table] !== undefined && shipped.has(table)
  // Which tables there are, the policy file says.
  if (saved[table] === undefined || live[table] === undefined) return true
  return fact.startsWith("foreign key ") && (was === undefined || validated(was) === is)
}

/** Of a schema of ours that the plan has not looked at: an extension that it was not given. */
function isOfUnknown(functionFact: string, shipped: ReadonlySet<string>): boolean {
  const schema = /^function (wardkeep(?:_audit)?)\./.exec(functionFact)?.[1]
  return schema !== undefined && !shipped.has(`table ${schema}.migrations`)
}

function relationOf(fact: string): string {
  return /^(?:table|view|policy|trigger|rule|default|foreign key) ([^ .]+\.[^ .]+)/.exec(fact)?.[1] ?? ""
}

/** VALIDATE CONSTRAINT in maintenance takes nothing away. */
function validated(foreignKey: string): string {
  return foreignKey.replace(/^false (.*) NOT VALID$/s, "true $1")
}

export function openFindings(open: readonly Difference[]): Finding[] {
  const first = open.filter(({ cloneOf }) => cloneOf === undefined)
  return first.map(({ fact, change }) => ({
    check: "drift-not-corrected",
    severity: severityOf(fact),
    object: fact,
    message: `${fact} ${change} since the policy was applied, and no step corrects it`,
    fix: `Undo it, or accept it as it is: wardkeep apply --accept '${fact.replaceAll("'", "'\\''")}'`,
  }))
}

const factForm = /^(table|acl|policy|trigger|rule|foreign key|view|function|default) \S/

/**
 * A person's decision that a difference is no drift, recorded like whatever is done around the fence. What does not differ
 * needs none: the same command serves every database of a fleet, and a second run.
 *
 * @throws WK009 it is no fact
 */
function acceptSteps(open: readonly Difference[], accept: readonly string[]): Step[] {
  return accept.flatMap((fact) => {
    if (!factForm.test(fact))
      throw new WardkeepError("WK009", {
        message: `accept: ${fact} is not a fact that could differ`,
        hint: "Write it as `wardkeep plan` names it under drift-not-corrected.",
      })
    if (!open.some((difference) => difference.fact === fact)) return []
    const detail = `jsonb_build_object('fact', ${quoteLiteral(fact)})`
    return [
      {
        phase: "record",
        object: fact,
        why: "accepted as it is: from now on no drift",
        sql: `select wardkeep.record('drift_accepted', null, ${detail})`,
      },
    ]
  })
}

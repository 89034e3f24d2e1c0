import { type Action, type Actor, conditionNamed, isAction, type Policy, type Rule } from "@wardkeep/core"
import type { Context, Row } from "../condition/context.js"
import { evaluate } from "../condition/evaluate.js"
import { isRecent } from "../condition/second-factor.js"
import { columnValue, keyText } from "../condition/values.js"
import { describeCondition } from "../condition/words.js"
import { effective, isHandling } from "../matrix/cells.js"
import type { Matrix } from "../matrix/matrix.js"
import { consentWall } from "./consent.js"
import { fence } from "./fence.js"
import type { Layer, Question } from "./question.js"

/** Everything that is asked, in order; the first that does not hold decides. Ends early where nothing more can be asked. */
export function* layers(matrix: Matrix, context: Context, question: Question): Generator<Layer> {
  const found = findCell(matrix, context, question)
  yield found.layer
  if (found.cell === undefined) return
  const { actor, action, table, rules } = found.cell
  yield columnGrant(matrix, found.cell, question)
  const purposes = [...actor.purposes]
  const allowed = rules.reduce<string[]>(
    (left, { rule }) => left.filter((p) => rule.purposes?.includes(p) ?? true),
    purposes,
  )
  yield answer(
    "purpose",
    rules[0]?.at ?? null,
    allowed.includes(context.purpose),
    `for ${allowed.join(" or ") || "nothing"}`,
    "other-purpose",
  )
  for (const { rule, at } of rules) {
    if (rule.mfaSeconds === null) continue
    const holds = isRecent(context.mfaAt, rule.mfaSeconds, context.now)
    const text = `second factor not older than ${rule.mfaSeconds} seconds`
    yield { ...answer("second factor", at, holds, text, "second-factor"), mfaSeconds: rule.mfaSeconds }
  }
  const held = consentWall(matrix.policy, context, table, question)
  if (held !== null) yield held
  if (question.row !== undefined) yield fence(matrix, context, table, action, question.row)
  if (question.after !== undefined) yield fence(matrix, context, table, action, question.after)
  if (context.only !== undefined) yield onlySubjects(matrix.policy, context.only, table, question)
  for (const { rule, at } of rules) {
    if (rule.when !== null) yield predicate(matrix.policy, rule.when, table, context, question.row, `${at}.when`)
  }
  const after = action === "update" ? (rules[0]?.rule.after ?? null) : null
  if (after !== null && question.after !== undefined) {
    const layer = predicate(matrix.policy, after, table, context, question.after, `${rules[0]?.at}.after`)
    yield { ...layer, layer: "changed row", reason: layer.holds ? null : "changed-row" }
  }
}

interface Cell {
  readonly actor: Actor
  readonly action: Action
  readonly table: string
  /** The rule of the action and, for what is handled, the rule of `read`. */
  readonly rules: readonly { readonly rule: Rule; readonly at: string }[]
}

function findCell(matrix: Matrix, context: Context, question: Question): { layer: Layer; cell?: Cell } {
  const { action } = question
  const missing = (text: string, reason: NonNullable<Layer["reason"]>): { layer: Layer } => ({
    layer: answer("matrix cell", null, false, text, reason),
  })
  if (!isAction(action)) return missing("there is no such action", "unknown-action")
  const kind = context.service === true ? "service" : "role"
  const actor = matrix.policy.actors.find((one) => one.kind === kind && one.name === context.role)
  if (actor === undefined) return missing("the policy file has no such role", "unknown-role")
  const table = matrix.qualify(question.table)
  if (!matrix.policy.tables.has(table)) return missing("the policy file has no such table", "unknown-table")
  const permission = actor.can.get(table)
  const wanted: Action[] = isHandling(action) ? [action, "read"] : [action]
  const rules = wanted.flatMap((one) => {
    const rule = permission?.rules[one]
    return rule === undefined ? [] : [{ rule, at: `${kind}s.${actor.name}.can.${table}.${one}` }]
  })
  if (rules.length < wanted.length) return missing(`${actor.name} may not ${action} ${table}`, "no-cell")
  const layer = answer("matrix cell", rules[0]?.at ?? null, true, `${actor.name} may ${action} ${table}`, "no-cell")
  return { layer, cell: { actor, action, table, rules } }
}

function columnGrant(matrix: Matrix, { actor, action, table, rules }: Cell, { columns }: Question): Layer {
  const permission = actor.can.get(table)
  const given = permission === undefined ? null : effective(permission, action)
  const known = matrix.columns.get(table) ?? []
  const granted = given === null ? [] : given.columns === "all" ? known : given.columns
  // A column nobody knows is not covered by "all": it may be a slip of the pen.
  const hidden = (columns ?? []).filter((column) => !granted.includes(column) || !known.includes(column))
  const text = given?.columns === "all" ? "every column" : `the columns ${granted.join(", ")}`
  const holds = given !== null && given.columns.length > 0 && hidden.length === 0
  return answer(
    "column grant",
    rules[0]?.at ?? null,
    holds,
    holds ? text : `${text}, not ${hidden.join(", ")}`,
    "column-hidden",
  )
}

function predicate(
  policy: Policy,
  name: string,
  table: string,
  context: Context,
  row: Row | undefined,
  at: string,
): Layer {
  const condition = conditionNamed(policy, name)
  if (condition === undefined) return answer("policy predicate", at, false, `${name} is not a condition`, "condition")
  const text = `${name}: ${describeCondition(condition)}`
  if (row === undefined) return answer("policy predicate", at, false, text, "no-row")
  const subject = { subject: policy.tables.get(table)?.subject }
  const parts = "all" in condition ? condition.all : [condition]
  const conjuncts = parts.map((part) => ({
    text: describeCondition(part),
    holds: evaluate(part, row, context, subject),
  }))
  return { ...answer("policy predicate", at, evaluate(condition, row, context, subject), text, "condition"), conjuncts }
}

/** A context for named subjects reaches what is about them, and reference data; nothing else of the branch. */
function onlySubjects(policy: Policy, only: readonly string[], table: string, { row, after }: Question): Layer {
  const rule = policy.tables.get(table)
  const text = "the row is about a subject of this context"
  if (rule?.scope === "global")
    return answer("break-glass", null, true, "reference data is about nobody", "other-subject")
  const rows = [row, after].filter((one) => one !== undefined)
  const column = rule?.subject
  const holds =
    column !== undefined &&
    rows.length > 0 &&
    rows.every((one) => {
      const subject = keyText(columnValue(one, column))
      return subject !== null && only.includes(subject)
    })
  return answer("break-glass", null, holds, text, rows.length === 0 ? "no-row" : "other-subject")
}

export function answer(
  layer: Layer["layer"],
  rule: string | null,
  holds: boolean,
  text: string,
  reason: NonNullable<Layer["reason"]>,
): Layer {
  return { layer, rule, holds, text, reason: holds ? null : reason }
}

import { WardkeepError } from "@wardkeep/core"
import type { Context } from "../condition/context.js"
import type { Matrix } from "../matrix/matrix.js"
import { layers } from "./layers.js"
import type { Layer, Question, Reason } from "./question.js"

export interface Decision {
  readonly effect: "allow" | "deny"
  /** The place in the policy file that decided, such as `roles.doctor.can.public.note.update.when`; null for none. */
  readonly rule: string | null
  readonly reason: Reason
  /** In words; never a value of the row. */
  readonly message: string
  /** With `second-factor`: it must not be older than so many seconds. */
  readonly mfaSeconds?: number
}

/**
 * Answers one question: the first layer that does not hold denies. Unknown anything is a denial, in production too.
 *
 * @example
 * const decision = decide(matrix, context, { action: "update", table: "clinical_note", row: note })
 * if (decision.effect === "deny") console.log(decision.reason, decision.message)
 */
export function decide(matrix: Matrix, context: Context, question: Question): Decision {
  let rule: string | null = null
  for (const layer of layers(matrix, context, question)) {
    rule ??= layer.rule
    if (!layer.holds) return denial(layer)
  }
  return { effect: "allow", rule, reason: "granted", message: "every layer holds" }
}

function denial({ rule, reason, text, mfaSeconds }: Layer): Decision {
  return {
    effect: "deny",
    rule,
    reason: reason ?? "no-cell",
    message: `does not hold: ${text}`,
    ...(mfaSeconds !== undefined && { mfaSeconds }),
  }
}

/**
 * As {@link decide}, for handlers.
 *
 * @throws WK204 a newer second factor would help; the message says how recent
 * @throws WK205 allowed for another purpose
 * @throws WK201 denied for another reason, which is in `detail`
 */
export function assertAllowed(matrix: Matrix, context: Context, question: Question): void {
  const { effect, reason, message, mfaSeconds } = decide(matrix, context, question)
  if (effect === "allow") return
  if (mfaSeconds !== undefined)
    throw new WardkeepError("WK204", {
      message: `A second factor not older than ${mfaSeconds} seconds is needed`,
      detail: reason,
    })
  throw new WardkeepError(reason === "other-purpose" ? "WK205" : "WK201", { detail: `${reason}: ${message}` })
}

import type { Context } from "../condition/context.js"
import type { Matrix } from "../matrix/matrix.js"
import { layers } from "./layers.js"
import type { Layer, Question } from "./question.js"

export interface Explanation {
  readonly effect: "allow" | "deny"
  /** Every layer, also those after the first that denies. */
  readonly layers: readonly Layer[]
  /** One line per layer and per part of a condition. */
  readonly text: string
}

/**
 * Answers "why", and "why not": every layer with its own answer. The first that does not hold is what {@link decide} says.
 *
 * @example console.log(explain(matrix, context, { action: "read", table: "clinical_note", row: note }).text)
 */
export function explain(matrix: Matrix, context: Context, question: Question): Explanation {
  const asked = [...layers(matrix, context, question)]
  const effect = asked.every((layer) => layer.holds) ? "allow" : "deny"
  const lines = asked.flatMap((layer) => [line(layer), ...(layer.conjuncts ?? []).map(part)])
  return { effect, layers: asked, text: [`${effect}`, ...lines].join("\n") }
}

function line({ holds, layer, text, rule }: Layer): string {
  return `  ${holds ? "yes" : "NO "}  ${layer}: ${text}${rule === null ? "" : `  (${rule})`}`
}

function part({ holds, text }: { readonly holds: boolean; readonly text: string }): string {
  return `         ${holds ? "yes" : "NO "}  ${text}`
}

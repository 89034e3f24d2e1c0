import { type HiddenColumn, replaceMarks } from "../../compile/hidden-mark.js"
import { inputs, isMark, type Node, nodesOf, type Read, textsIn } from "./plan-node.js"
import { usesInOutput, withoutCasts } from "./select-list.js"
import { useOfParts } from "./set-operations.js"

/** What decides which rows there are, in which order, and in which groups. */
const deciding = [
  "Filter",
  "Join Filter",
  "One-Time Filter",
  "Index Cond",
  "Recheck Cond",
  "Hash Cond",
  "Merge Cond",
  "TID Cond",
  "Order By",
  "Sort Key",
  "Presorted Key",
  "Group Key",
  "Grouping Sets",
  "Window",
  "Run Condition",
  "Conflict Filter",
  "Function Call",
  "Table Function Call",
] as const

/**
 * The hidden column that a plan decides by, if there is one: `plan` is of EXPLAIN (VERBOSE, FORMAT JSON). A column that is
 * only shown, or packed as it is into rows, JSON or an array, decides nothing.
 */
export function hiddenUse(plan: unknown, parameters: number): HiddenColumn | undefined {
  const root = Array.isArray(plan) ? (plan[0] as { Plan?: Node } | undefined)?.Plan : undefined
  if (root === undefined) return undefined
  const nodes = [...nodesOf(root)]
  const columns = new Map<string, HiddenColumn>()
  const read: Read = (expression) => withMarks(expression, columns)
  const mark = firstUse(nodes, read) ?? firstInSubplan(nodes, read, parameters) ?? useOfParts(root, read)
  return mark === undefined ? undefined : columns.get(mark)
}

function firstUse(nodes: readonly Node[], read: Read): string | undefined {
  for (const node of nodes) {
    for (const key of deciding)
      for (const text of textsIn(node[key])) {
        const mark = marks.exec(read(text))?.[0]
        if (mark !== undefined) return mark
      }
    for (const text of textsIn(node.Output)) {
      const mark = usesInOutput(read(text))
      if (mark !== undefined) return mark
    }
    const written = writtenBy(node).map(read).map(withoutCasts).find(isMark)
    if (written !== undefined) return written
  }
  return undefined
}

/** New values of rows: an INSERT takes all of its source, an UPDATE what comes before the row's own place. */
function writtenBy(node: Node): string[] {
  const [source] = inputs(node)
  if (node["Node Type"] !== "ModifyTable" || source === undefined) return []
  const output = textsIn(source.Output)
  if (node.Operation === "Insert") return output
  const place = output.findIndex((text) => /\.ctid$/.test(text))
  return node.Operation === "Update" && place > 0 ? output.slice(0, place) : []
}

/** `= any (select …)` and `(select …) = …`: the condition names the sub-select, whose result is the hidden column. */
function firstInSubplan(nodes: readonly Node[], read: Read, parameters: number): string | undefined {
  const conditions = nodes.flatMap((node) => deciding.flatMap((key) => textsIn(node[key])))
  for (const node of nodes) {
    const name = node["Subplan Name"]
    const mark = typeof name === "string" ? textsIn(node.Output).map(read).map(withoutCasts).find(isMark) : undefined
    if (mark === undefined || !conditions.some((text) => namesSubplan(text, String(name), parameters))) continue
    return mark
  }
  return undefined
}

/** Before PostgreSQL 17 the result of an InitPlan is printed like a parameter of the statement. */
function namesSubplan(condition: string, name: string, parameters: number): boolean {
  const plain = condition.replaceAll(/EXISTS\((?:hashed )?SubPlan \d+\)/g, "")
  const numbered = /^(?:SubPlan|InitPlan) \d+/.exec(name)?.[0]
  if (numbered !== undefined && new RegExp(`\\b${numbered}\\b`).test(plain)) return true
  const returned = /\(returns \$(\d+)/.exec(name)?.[1]
  const number = Number(returned ?? Number.NaN)
  return (number === 0 || number > parameters) && new RegExp(`\\$${returned}(?!\\d)`).test(plain)
}

/** `«0»` stands where a mark stood; what a text itself holds of these characters is taken out. */
const marks = /«\d+»/

function withMarks(expression: string, columns: Map<string, HiddenColumn>): string {
  const bare = expression.replaceAll(/[«»]/g, "")
  const marked = replaceMarks(bare, (hidden) => {
    const mark = `«${columns.size}»`
    columns.set(mark, hidden)
    return mark
  })
  return marked === bare ? "" : marked
}

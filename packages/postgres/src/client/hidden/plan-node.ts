/** A node of EXPLAIN (VERBOSE, FORMAT JSON). */
export type Node = Readonly<Record<string, unknown>>

/** Reads an expression: `«0»` stands where a mark stood, and without one it is empty. */
export type Read = (expression: string) => string

export function* nodesOf(node: Node): Generator<Node> {
  yield node
  for (const child of children(node)) yield* nodesOf(child)
}

export function children(node: Node): readonly Node[] {
  return Array.isArray(node.Plans) ? (node.Plans as Node[]) : []
}

/** Those whose rows it takes; the others are sub-selects of its expressions. */
export function inputs(node: Node): readonly Node[] {
  return children(node).filter((child) => child["Subplan Name"] === undefined)
}

export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : []
}

export function isMark(expression: string): boolean {
  return /^«\d+»$/.test(expression)
}

import { children, inputs, isMark, type Node, type Read, textsIn } from "./plan-node.js"
import { withoutCasts } from "./select-list.js"

/**
 * A mark in one part of a UNION, INTERSECT or EXCEPT. What is done with all the parts is printed by the names of the first one,
 * so it is compared with that by its place.
 */
export function useOfParts(node: Node, read: Read, above: readonly string[] = []): string | undefined {
  const type = node["Node Type"]
  const keys = [...above, ...textsIn([node["Sort Key"], node["Group Key"]]).map(bare)]
  const found =
    type === "SetOp" ? ofSet(node, read) : /Append$/.test(String(type)) ? ofAppend(node, read, keys) : undefined
  if (found !== undefined) return found
  for (const child of children(node)) {
    // What a part or a sub-select does by itself names its own columns.
    const isPart = child["Parent Relationship"] === "Member" || child["Subplan Name"] !== undefined
    const use = useOfParts(child, read, isPart ? [] : keys)
    if (use !== undefined) return use
  }
  return undefined
}

/** Duplicates are told by every column. */
function ofSet(node: Node, read: Read): string | undefined {
  for (const part of inputs(node)) {
    const each = /Append$/.test(String(part["Node Type"])) ? inputs(part) : [part]
    for (const one of each) {
      const mark = outputOf(one).map(read).map(withoutCasts).find(isMark)
      if (mark !== undefined) return mark
    }
  }
  return undefined
}

function ofAppend(node: Node, read: Read, keys: readonly string[]): string | undefined {
  const [first, ...others] = inputs(node)
  if (first === undefined) return undefined
  const names = textsIn(first.Output).map(bare)
  for (const other of others)
    for (const [at, output] of outputOf(other).entries()) {
      const mark = withoutCasts(read(output))
      if (isMark(mark) && keys.includes(names[at] ?? "")) return mark
    }
  return undefined
}

/** Of a part that PostgreSQL wraps up, what is wrapped: in the same order. */
function outputOf(part: Node): string[] {
  const [inner] = inputs(part)
  const isWrapped = part["Node Type"] === "Subquery Scan" && String(part.Alias).startsWith("*SELECT* ")
  return inner !== undefined && (isWrapped || part["Node Type"] === "Sort") ? outputOf(inner) : textsIn(part.Output)
}

/** A key without its direction and parentheses. */
function bare(key: string): string {
  const plain = key.replace(/( DESC| NULLS (?:FIRST|LAST))+$/, "")
  return /^\([^()]*\)$/.test(plain) ? plain.slice(1, -1) : plain
}

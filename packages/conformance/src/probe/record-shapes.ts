/** Where a function makes rows of a document: `jsonb_to_recordset(coalesce(j -> 'visits', '[]')) as c (id uuid, note text)`. */
export interface RecordShape {
  /** Members that lead to it; none where the document itself is meant. */
  readonly path: readonly string[]
  readonly isList: boolean
  readonly members: readonly string[]
  /** What is taken apart, as the text has it: an argument, a variable, a column. */
  readonly of: string
  /** The table whose rows they become, where the text says so. */
  readonly table: string | undefined
}

const takingApart = /\bjsonb?_(to_record|to_recordset|populate_record|populate_recordset|array_elements)\s*\(/gi

/** Every place where the text takes a document apart, and the document's own members. */
export function recordShapes(source: string): RecordShape[] {
  const found: RecordShape[] = []
  for (const match of source.matchAll(takingApart)) {
    const [whole, how = ""] = match
    const inner = untilClosed(source, match.index + whole.length)
    if (inner === undefined) continue
    const behind = source.slice(match.index + whole.length + inner.length + 1)
    const isTyped = /^populate/i.test(how)
    const table = isTyped ? /null\s*::\s*(?:"?\w+"?\.)?"?(\w+)"?/i.exec(inner)?.[1] : undefined
    const of = isTyped ? inner.slice(inner.indexOf(",") + 1) : inner
    const isList = /set$|elements$/i.test(how)
    const listed = /^\s*(?:as\s+)?\w*\s*\(((?:[^()]|\([^()]*\))*)\)/i.exec(behind)?.[1] ?? ""
    const members = /elements$/i.test(how) ? membersOfElement(source, match.index, behind) : columnsIn(listed)
    found.push({ path: pathIn(of), isList, members, of, table })
  }
  const inside = new Set(found.flatMap(({ path, members }) => [...path, ...members]))
  const own = namedIn(source).filter((name) => !inside.has(name))
  return own.length > 0 ? [...found, { path: [], isList: false, members: own, of: source, table: undefined }] : found
}

/** Up to the parenthesis that closes the one before; undefined where none does. */
function untilClosed(text: string, from: number): string | undefined {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    if (text[at] === "(") depth += 1
    if (text[at] === ")") depth -= 1
    if (depth === 0) return text.slice(from, at)
  }
  return undefined
}

/** `id uuid, price numeric(10, 2)` */
const columnsIn = (list: string): string[] =>
  list
    .replace(/\([^()]*\)/g, "")
    .split(",")
    .map((column) => column.trim().split(/\s/)[0]?.replaceAll('"', "") ?? "")
    .filter((name) => /^\w+$/.test(name))

/** `j -> 'a' -> 'b'` and `j #> '{a,b}'`. */
const pathIn = (text: string): string[] => [
  ...[...text.matchAll(/->\s*'(\w+)'/g)].map(([, name = ""]) => name),
  ...[...text.matchAll(/#>\s*'\{([\w,]+)\}'/g)].flatMap(([, names = ""]) => names.split(",")),
]

/** By the name under which an element stands: behind the list, or in front of it as the variable of a loop. */
function membersOfElement(source: string, at: number, behind: string): string[] {
  const loop = /\bfor\s+(\w+)\s+in\b[^;]*$/i.exec(source.slice(0, at))?.[1]
  const alias = /^\s*(?:with\s+ordinality\s+)?(?:as\s+)?(\w+)/i.exec(behind)?.[1]
  const isWord = (name: string | undefined): name is string =>
    name !== undefined && !/^(where|loop|on|join|cross|left|order|group|limit|union|returning)$/i.test(name)
  for (const name of [alias, loop].filter(isWord)) {
    const element = new RegExp(`\\b${name}(?:\\.\\w+)?\\s*->>?\\s*'(\\w+)'`, "g")
    const members = [...new Set([...source.matchAll(element)].map(([, member = ""]) => member))]
    if (members.length > 0) return members
  }
  return []
}

/** All that the text takes out of documents by name. */
const namedIn = (source: string): string[] => [
  ...new Set(
    [...source.matchAll(/->>\s*'(\w+)'|#>>\s*'\{(\w+)\}'|\w\['(\w+)'\]/gi)].flatMap((groups) =>
      groups.slice(1).filter((name) => name !== undefined),
    ),
  ),
]

/** One appearance of a relation in a plan. */
export interface Scan {
  /** `schema.table` */
  readonly relation: string
  readonly alias: string
}

/** What a plan says of the tables of a statement. */
export interface PlannedTables {
  readonly scans: readonly Scan[]
  /** How many rows of each relation the planner expects to be read, all appearances together. */
  readonly expected: ReadonlyMap<string, number>
  /**
   * A row of the result may hold values of rows that are not in the result: window functions, grouping sets, a common table
   * expression that is read twice, recursion.
   */
  readonly mixed: boolean
  /** Every expression that the plan evaluates. */
  readonly expressions: string
  /** Relations whose rows are looked at: not those that an INSERT only writes. */
  readonly read: ReadonlySet<string>
  /** Relations that are written. */
  readonly written: ReadonlySet<string>
  /** The columns that the expressions name behind each qualifier; `*` for all of a row. */
  readonly qualified: ReadonlyMap<string, ReadonlySet<string>>
  /** The names that the nodes give their rows: of relations, functions, subqueries. */
  readonly aliases: ReadonlySet<string>
}

type Node = Readonly<Record<string, unknown>>

/** These take what they need of a scan's output and name it themselves; the scan below lists whole rows for speed. */
const choosers = new Set(["Aggregate", "Group", "Nested Loop", "Hash Join", "Merge Join", "WindowAgg"])
const apart = new Set(["Plans", "Target Tables", "Schema", "Relation Name", "Alias", "Node Type", "Index Name"])

/** Reads EXPLAIN (VERBOSE, FORMAT JSON). @throws Error a plan that is not understood */
export function tablesOfPlan(plan: unknown): PlannedTables {
  const root = Array.isArray(plan) ? (plan[0] as { Plan?: Node } | undefined)?.Plan : undefined
  if (root === undefined) throw new Error("EXPLAIN answered without a plan")
  const seen = {
    scans: [] as Scan[],
    expected: new Map<string, number>(),
    expressions: [] as string[],
    sharedReads: new Map<string, number>(),
    read: new Set<string>(),
    written: new Set<string>(),
    aliases: new Set<string>(),
    mixed: false,
  }
  walk(root, undefined, seen)
  const shared = [...seen.sharedReads.values()].some((times) => times > 1)
  const { expected, read, written, aliases } = seen
  const expressions = seen.expressions.join("\n")
  const found = { expressions, qualified: qualifiedIn(expressions), read, written, aliases }
  return { scans: distinct(seen.scans), expected, mixed: seen.mixed || shared, ...found }
}

interface Seen {
  readonly scans: Scan[]
  readonly expected: Map<string, number>
  readonly expressions: string[]
  readonly sharedReads: Map<string, number>
  readonly read: Set<string>
  readonly written: Set<string>
  readonly aliases: Set<string>
  mixed: boolean
}

function walk(node: Node, parent: Node | undefined, seen: Seen): void {
  const type = String(node["Node Type"])
  const targets = Array.isArray(node["Target Tables"]) ? (node["Target Tables"] as Node[]) : []
  const scans = [node, ...targets].flatMap(scanOf)
  seen.scans.push(...scans)
  for (const { relation } of scans)
    seen.expected.set(relation, (seen.expected.get(relation) ?? 0) + Number(node["Plan Rows"]))
  const isWriting = type === "ModifyTable"
  const isReading = !isWriting || node.Operation !== "Insert" || node["Conflict Resolution"] === "UPDATE"
  for (const { relation } of scans) {
    if (isReading) seen.read.add(relation)
    if (isWriting) seen.written.add(relation)
  }
  for (const { Alias: alias } of [node, ...targets]) if (typeof alias === "string") seen.aliases.add(alias)
  if (type === "WindowAgg" || type === "Recursive Union" || "Grouping Sets" in node) seen.mixed = true
  if (type === "CTE Scan") {
    const name = String(node["CTE Name"])
    seen.sharedReads.set(name, (seen.sharedReads.get(name) ?? 0) + 1)
  }
  const isListed = scans.length > 0 && parent !== undefined && choosers.has(String(parent["Node Type"]))
  for (const [key, value] of Object.entries(node))
    if (!apart.has(key) && !(key === "Output" && isListed)) seen.expressions.push(...textsIn(value))
  if (Array.isArray(node.Plans)) for (const child of node.Plans as Node[]) walk(child, node, seen)
}

function scanOf(node: Node): Scan[] {
  const { Schema: schema, "Relation Name": name, Alias: alias } = node
  if (typeof schema !== "string" || typeof name !== "string") return []
  return [{ relation: `${schema}.${name}`, alias: typeof alias === "string" ? alias : name }]
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value]
  return Array.isArray(value) ? value.flatMap(textsIn) : []
}

const constant = /'(?:[^']|'')*'/g
/** A name, what follows it behind a dot, and what shows that it is a type, a collation or a function in its schema. */
const names =
  /(::|COLLATE )?("(?:[^"]|"")*"|[\p{L}_][\w$\p{L}]*)(?:\.("(?:[^"]|"")*"|[\p{L}_][\w$\p{L}]*|\*))?([.(])?/gu

function qualifiedIn(expressions: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const [, type, by = "", name, call] of expressions.replaceAll(constant, "''").matchAll(names)) {
    if (name === undefined || type !== undefined || call !== undefined) continue
    const columns = found.get(plain(by)) ?? new Set<string>()
    found.set(plain(by), columns.add(plain(name)))
  }
  return found
}

const plain = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name)

function distinct(scans: readonly Scan[]): Scan[] {
  return [...new Map(scans.map((scan) => [`${scan.relation} ${scan.alias}`, scan])).values()]
}

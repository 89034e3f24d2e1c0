/**
 * Relations go by `schema.relation`, and ids put them between spaces. Only partitions and sequences can have a dot, a space
 * or a per cent sign in their names: those of the policy file are plain.
 */
const written = [
  ["%", "%25"],
  [".", "%2E"],
  [" ", "%20"],
] as const

/** The name of a relation as an expression of a query, from the aliases of its rows in pg_namespace and pg_class. */
export function sqlName(namespace: string, relation: string): string {
  return `${sqlPart(`${namespace}.nspname`)} || '.' || ${sqlPart(`${relation}.relname`)}`
}

function sqlPart(column: string): string {
  return written.reduce((sql, [from, to]) => `replace(${sql}, '${from}', '${to}')`, `${column}::text`)
}

/** The same of a schema and a relation. */
export function nameOf(schema: string, relation: string): string {
  const part = (text: string): string => written.reduce((left, [from, to]) => left.replaceAll(from, to), text)
  return `${part(schema)}.${part(relation)}`
}

/** A part of such a name as PostgreSQL knows it. */
export function spoken(part: string): string {
  return written.toReversed().reduce((left, [from, to]) => left.replaceAll(to, from), part)
}

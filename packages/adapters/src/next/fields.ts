/** What was typed into a form: each name with its values, files left out, which no form can be given back. */
export type Fields = Readonly<Record<string, readonly string[]>>

/** Of the first form among an action's arguments. Names that begin with `$ACTION` are Next's own. */
export function fieldsOf(args: readonly unknown[]): Fields {
  const form = args.find((arg): arg is FormData => arg instanceof FormData)
  const fields = new Map<string, string[]>()
  for (const [name, value] of form ?? [])
    if (typeof value === "string" && !name.startsWith("$ACTION")) fields.set(name, [...(fields.get(name) ?? []), value])
  return Object.fromEntries(fields)
}

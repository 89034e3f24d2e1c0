const type = String.raw`(?:character varying|double precision|bit varying|(?:timestamp|time)(?:\(\d\))? with(?:out)? time zone|(?:(?:[a-z_]\w*|"(?:[^"]|"")+")\.)?(?:[a-z_]\w*|"(?:[^"]|"")+"))(?:\(\d+(?:,\d+)?\))?(?:\[\])*`
const cast = new RegExp(String.raw`(«\d+»)::${type}`, "g")
/** Not the parentheses of a call. */
const parenthesised = /(?<![\w"$])\((«\d+»)\)/g

/**
 * What hands a value on as it is: into a row, JSON or an array, as relations of ORMs are read. `st_as…` is how the columns
 * of PostGIS are read at all.
 */
const packing =
  /^(?:row|array_agg|jsonb?_(?:agg|build_array|build_object|object_agg)(?:_strict)?|to_jsonb?|row_to_json|st_as\w+)$/i

/**
 * The first mark that an expression of a select list computes with: an operator, a condition, a function or an aggregate
 * that is not one of those above. A cast is none; what it makes of NULL is NULL.
 */
export function usesInOutput(expression: string): string | undefined {
  const plain = withoutCasts(expression)
  for (const { 0: mark, index } of plain.matchAll(/«\d+»/g))
    if (!isPacked(plain, index, index + mark.length)) return mark
  return undefined
}

/** Marks without the casts and parentheses around them. */
export function withoutCasts(expression: string): string {
  let plain = expression
  for (let before = ""; before !== plain; ) {
    before = plain
    plain = plain.replace(parenthesised, "$1").replace(cast, "$1")
  }
  return plain
}

function isPacked(text: string, start: number, end: number): boolean {
  const before = text.slice(0, start)
  const after = text.slice(end)
  if (before === "" && after === "") return true
  if (!/[([]$|, $/.test(before) || !/^(?:[,)\]]| ORDER BY )/.test(after)) return false
  const opened = openedAt(before)
  if (opened < 0 || / ORDER BY /.test(topLevel(before.slice(opened + 1)))) return false
  if (text[opened] === "[") return /ARRAY$/.test(before.slice(0, opened))
  const called = /(?:^|[^\w"$])(?:[\w$]+\.)?([\w$]+)$/.exec(before.slice(0, opened))?.[1]
  return called !== undefined && packing.test(called)
}

/** The place of the innermost bracket that is still open; -1 where there is none. */
function openedAt(text: string): number {
  const blanked = withoutQuotes(text)
  let depth = 0
  for (let at = blanked.length - 1; at >= 0; at--) {
    const char = blanked[at]
    if (char === ")" || char === "]") depth++
    else if ((char === "(" || char === "[") && --depth < 0) return at
  }
  return -1
}

/** What stands in no bracket of its own. */
function topLevel(text: string): string {
  let depth = 0
  let found = ""
  for (const char of withoutQuotes(text)) {
    if (char === "(" || char === "[") depth++
    if (depth === 0) found += char
    if (char === ")" || char === "]") depth--
  }
  return found
}

/** As long as before: brackets in literals and quoted names are none. */
function withoutQuotes(text: string): string {
  return text.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (quoted) => "_".repeat(quoted.length))
}

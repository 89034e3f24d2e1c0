import { WardkeepError } from "@wardkeep/core"
import { type QueryOptions, runsText, type Values } from "@wardkeep/postgres/client"
import { kept, sourceNames } from "../views/source-names.js"
import { type Token, tokensOf } from "../views/tokens.js"
import { type HandlingClient, noView, ownRefusals } from "./call.js"

/** A client that can hand out rows as CSV: `wk`. */
export interface ExportingClient extends HandlingClient {
  query<R extends object>(
    text: string,
    values?: Values,
    options?: QueryOptions,
  ): Promise<{ rows: R[]; fields?: readonly { readonly tableID: number; readonly columnID: number }[] }>
  copyOut(text: string): AsyncIterable<Uint8Array>
}

type Described = Pick<Awaited<ReturnType<ExportingClient["query"]>>, "fields">

/** What is known of a text before its rows leave. */
export interface TextReads {
  /** Tables with a fence that it reads, also through views, `schema.table`. */
  readonly reads: readonly string[]
  /** Positions in the result of the columns of the table that leaves; empty where a row may hold more than one of its rows. */
  readonly shown: ReadonlyMap<string, number>
}

interface Found {
  readonly reads: readonly string[]
  /** Functions that can read tables without showing it. */
  readonly functions: readonly string[]
  /** Columns of the table, or of the role's view of it, by `tableID.columnID`. */
  readonly columns: Readonly<Record<string, string>>
}

const foreign = "n.nspname ~ '^(pg_|wardkeep)' or n.nspname = 'information_schema'"

/** As the context's role: what it may not read fails where it is read. */
const lookUp = `
with recursive named as (
  select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relname = any ($1::text[]) and c.relkind in ('r', 'p', 'f', 'v', 'm') and not (${foreign})
     and pg_catalog.has_any_column_privilege(c.oid, 'select')
), under(oid) as (
  select oid from named
  union
  select d.refobjid from under u join pg_catalog.pg_rewrite r on r.ev_class = u.oid
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid
     and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid <> r.ev_class
), fenced as (
  select distinct coalesce(base.oid, c.oid) as oid, n.nspname || '.' || coalesce(base.relname, c.relname) as name
    from under u join pg_catalog.pg_class c on c.oid = coalesce(pg_catalog.pg_partition_root(u.oid), u.oid)
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_class base on base.relnamespace = c.relnamespace and base.relname || '_word' = c.relname and base.relkind in ('r', 'p')
   where c.relkind in ('r', 'p', 'f') and c.relrowsecurity and not (${foreign})
)
select array(select f.name from fenced f order by 1) as reads,
  array(select p.proname::text from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace join pg_catalog.pg_language l on l.oid = p.prolang
         where p.proname = any ($2::text[]) and p.provolatile <> 'i' and l.lanname not in ('internal', 'c') and not (${foreign})) as functions,
  (select coalesce(jsonb_object_agg(a.attrelid || '.' || a.attnum, a.attname), '{}') from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where a.attnum > 0 and not a.attisdropped and a.attrelid in (select oid from named)
      and (n.nspname || '.' || c.relname = $3 or c.relkind = 'v' and n.nspname = pg_catalog.current_setting('role') and c.relname = pg_catalog.split_part($3, '.', 2))) as columns`

const starts = new Set(["select", "table", "values"])
const ends = new Set(["where", "group", "having", "order", "limit", "offset", "fetch", "for"])
/** A row of the result may be made of rows with other keys. */
const mixes = new Set(["with", "join", "over", "union", "intersect", "except", "grouping", "rollup", "cube"])
const running = new RegExp(`^(?:${runsText.join("|")})$`, "i")

/**
 * Which tables the rows of a text are of, by the names in it and by what views are made of.
 *
 * @throws WK108 a text that is not clear
 */
export async function textReads(client: ExportingClient, text: string, relation: string): Promise<TextReads> {
  const [names, tokens] = [sourceNames(text), tokensOf(text)]
  if (names === undefined || tokens === undefined || /\bu&\s*["']/i.test(text))
    throw new WardkeepError("WK108", {
      message: "which tables this text reads is unclear: quotes, comments or escapes",
      hint: "Write names and constants without backslashes and Unicode escapes.",
    })
  const words = tokens.flatMap(nameOf)
  const { rows } = await client.query<Found>(lookUp, [[...names], words, relation], noView)
  const [found] = rows
  if (found === undefined) throw new WardkeepError("WK901", { message: "the catalog answers" })
  const { reads, functions, columns } = found
  const isPlain =
    reads.length === 1 &&
    reads[0] === relation &&
    functions.length === 0 &&
    !words.some((word) => running.test(word)) &&
    isOneSelect(tokens)
  return { reads, shown: isPlain ? await shownColumns(client, text, columns) : new Map() }
}

/** One SELECT from one table that is named once: each of its rows is made of one row, or of all that have its key. */
function isOneSelect(tokens: readonly Token[]): boolean {
  const words = tokens.map(({ kind, text }) => (kind === "word" ? text.toLowerCase() : ""))
  if (words.some((word) => mixes.has(word)) || words.filter((word) => starts.has(word)).length !== 1) return false
  const from = words.indexOf("from")
  if (from < 0) return words[0] === "table"
  const end = words.findIndex((word, at) => at > from && ends.has(word))
  const source = tokens.slice(from + 1, end < 0 ? undefined : end)
  return words.lastIndexOf("from") === from && source.every(({ kind, text }) => kind !== "other" || text === ".")
}

function nameOf({ kind, text }: Token): string[] {
  if (kind === "word") return [kept(text.toLowerCase())]
  return kind === "name" ? [kept(text.slice(1, -1).replaceAll('""', '"'))] : []
}

async function shownColumns(
  client: ExportingClient,
  text: string,
  columns: Found["columns"],
): Promise<Map<string, number>> {
  // What is wrong with the text is said, and recorded, where it is read. Behind LIMIT 0 nothing of it is.
  const described = `select * from (\n${text}\n) wk_described limit 0`
  const answer: Described = await client.query(described, [], ownRefusals).catch(() => ({}))
  const { fields = [] } = answer
  return new Map(
    fields.flatMap(({ tableID, columnID }, at) => {
      const column = columns[`${tableID}.${columnID}`]
      return column === undefined ? [] : [[column, at] as const]
    }),
  )
}

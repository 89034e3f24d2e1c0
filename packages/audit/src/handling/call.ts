import { isCode, WardkeepError } from "@wardkeep/core"
import type { QueryOptions, Values } from "@wardkeep/postgres/client"

/** A client in whose context something is handed out: `wk`. */
export interface HandlingClient {
  query<R extends object>(text: string, values?: Values, options?: QueryOptions): Promise<{ rows: R[] }>
}

/** What leaves. */
export interface HandedOut {
  /** As the policy file names the table, with its schema: `public.attachment`. */
  readonly relation: string
  /** Keys of the records, at most 1,000; without them it is an export of whatever the context may see. */
  readonly records?: readonly string[]
  /** Columns that are handed out; needed where the role may hand out some only. Default: all. */
  readonly columns?: readonly string[]
  /** The file's name, at most 200 characters. It is recorded, so it must not name the person. */
  readonly file?: string
  /** How the rows were chosen, at most 2,000 characters as JSON. Recorded, so it must not name persons either. */
  readonly filters?: Readonly<Record<string, unknown>>
}

export type HandlingVerb = "download" | "print" | "export" | "share"

/** The function's own event is the record: as a view it would name the function once more. */
export const noView: QueryOptions = { reads: [] }

// Nobody else has this array: a text is anybody's.
const own: readonly string[] = Object.freeze([])
/** As {@link noView}, of calls whose refusals are recorded here. */
export const ownRefusals: QueryOptions = { reads: own }

export function recordsItsRefusals(reads: readonly string[] | undefined): boolean {
  return reads === own
}

export async function call<T>(
  client: HandlingClient,
  text: string,
  values: Values,
  options = noView,
): Promise<T | null> {
  const { rows } = await client.query<{ answer: T | null }>(`select ${text} as answer`, values, options)
  return rows[0]?.answer ?? null
}

/** Records that something is about to leave, committed when this resolves; a refusal is recorded as one. */
export async function begin<T>(
  client: HandlingClient,
  verb: HandlingVerb,
  { relation, records, columns, file, filters }: HandedOut,
  more: Readonly<Record<string, unknown>> = {},
): Promise<T> {
  const what = {
    verb,
    relation,
    ...(records !== undefined && { records }),
    ...(columns !== undefined && { columns }),
    ...(file !== undefined && { file }),
    ...(filters !== undefined && { filters }),
    ...more,
  }
  try {
    const begun = await call<T>(client, "wardkeep_audit.begin_handling($1::jsonb)", [JSON.stringify(what)], ownRefusals)
    if (begun === null) throw new WardkeepError("WK901", { message: "begin_handling answers" })
    return begun
  } catch (error) {
    await noteRefused(client, verb, relation, error)
    throw readable(error, verb, relation)
  }
}

const refusals = new Set(["WK430", "WK431", "WK204", "WK205", "42501"])

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""
}

export async function noteRefused(
  client: HandlingClient,
  action: HandlingVerb,
  relation: string,
  error: unknown,
): Promise<void> {
  const code = codeOf(error)
  if (!refusals.has(code)) return
  const what = JSON.stringify({ code, relation, action })
  // Whoever was refused gets that refusal, and no other error in its place.
  await call(client, "wardkeep_audit.record_denied($1::jsonb)", [what]).catch(() => undefined)
}

/** A role with no such cell at all may not even call the function. */
function readable(error: unknown, verb: HandlingVerb, relation: string): unknown {
  if (isCode(codeOf(error)) || codeOf(error) !== "42501") return error
  return new WardkeepError("WK430", { message: `this role may not ${verb} what is in ${relation}`, cause: error })
}

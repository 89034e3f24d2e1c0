import { createHash } from "node:crypto"
import type { Policy } from "@wardkeep/core"
import type { Ask, ObservedCall, ViewObserver, Watch } from "@wardkeep/postgres/client"
import type pg from "pg"
import { type Analysis, analyse, type TableView } from "./analysis.js"
import { Answers, keepWithin } from "./answers.js"
import { type CatalogMap, readCatalogMap } from "./catalog-map.js"
import { Definitions } from "./definitions.js"
import { Execution, type OwnText, type Recording, type Seen } from "./execution.js"
import { type PlannedTables, tablesOfPlan } from "./plan-tables.js"
import { selfRecordingText } from "./self-recording.js"
import { refuse, unrecorded } from "./unrecorded.js"
import { type ViewedTable, viewedTables } from "./viewed.js"
import { answered, mayWiden, type Wide, widen } from "./widened.js"

type Fields = readonly pg.FieldDef[]

export interface ViewOptions {
  /**
   * What an event survives once its rows are handed over. `process` (the default): the end of the application and of its
   * session; a crash of the database server may lose the events of its last three `wal_writer_delay` (0.6 seconds unless set
   * otherwise), as `synchronous_commit = off` does. `server`: that too, at the price of a flush per view. Columns under
   * `strict` are always recorded as `server` says.
   */
  readonly survives?: "process" | "server"
  /**
   * Milliseconds that what a text reads is taken for unchanged: views, functions and columns that a migration replaces. After that
   * the next call asks, with one round trip before its statement, and each text is looked at anew where something changed. Default
   * 10000; 0 asks before every statement.
   */
  readonly definitionsFor?: number
}

/**
 * Records who saw what through the client, for every table whose policy says `audit.views`: one event per statement and
 * table, with the persons in the rows, committed before the rows are handed over. Give it to `createWardkeep`.
 *
 * @throws WK411 (later, by the query) the view could not be recorded · WK412 (later, by the query) a strict column without a person
 * @example const wk = createWardkeep({ pool, policy, views: recordViews(policy) })
 */
export function recordViews(policy: Policy, options: ViewOptions = {}): ViewObserver {
  return new ViewRecorder(policy, options)
}

/** What was found out, as long as the definitions stay that it rests on. */
class Knowledge {
  readonly maps = new Answers<CatalogMap>()
  readonly analyses = new Answers<Analysis>()
  /** What is sent in place of a text; undefined where it is sent as it is. */
  readonly wide = new Answers<Wide | undefined>()
  readonly ownTexts = new Map<string, OwnText>()
  readonly unviewed = new Map<string, true>()
  readonly leaving = new Map<string, "rows" | "unknown">()
}

class ViewRecorder implements ViewObserver, Recording {
  readonly tables: ReadonlyMap<string, ViewedTable>
  readonly sites: boolean
  readonly #policy: Policy
  /** Whether events may reach the disk after the rows have reached the caller. */
  readonly #soon: boolean
  readonly #definitions: Definitions
  /** Another one where definitions changed; who is finding something out then keeps it in the old one. */
  #known = new Knowledge()
  /** The columns' origins of a row description, which the client keeps as long as the prepared statement. */
  readonly #origins = new WeakMap<Fields, readonly string[]>()

  constructor(policy: Policy, { survives = "process", definitionsFor = 10_000 }: ViewOptions) {
    this.#policy = policy
    this.#soon = survives === "process"
    this.#definitions = new Definitions(definitionsFor, () => {
      this.#known = new Knowledge()
    })
    this.tables = viewedTables(policy)
    this.sites = [...this.tables.values()].some(({ strict }) => strict.size > 0)
  }

  watch(call: ObservedCall): Watch {
    return new Execution(this, call, keyOf(call, []))
  }

  async copying(call: ObservedCall, ask: Ask): Promise<void> {
    const { views } = await this.analysis(call, [], ask)
    const shown = views.map((view) => ({ ...view, source: "undetermined" as const, key: undefined }))
    await this.record(
      call,
      shown.map((view) => ({ view, subjects: [], complete: false })),
      0,
      ask,
    )
  }

  originsOf(fields: Fields): readonly string[] {
    let known = this.#origins.get(fields)
    if (known === undefined) {
      known = fields.map(({ tableID, columnID }) => (tableID === 0 ? "" : `${tableID}.${columnID}`))
      this.#origins.set(fields, known)
    }
    return known
  }

  /** Once per text, role and shape of the result; another shape means that tables changed since. */
  async analysis(call: ObservedCall, fields: Fields, ask: Ask): Promise<Analysis> {
    await this.#definitions.look(ask)
    const origins = this.originsOf(fields)
    const known = this.#known
    return await known.analyses.get(keyOf(call, origins), async () => {
      const analysis = await this.#analyse(call, origins, known, ask)
      if (known.wide.known(keyOf(call, [])) === undefined)
        this.#keepOwnText(known, call, fields, { ...analysis, text: call.text, more: 0 })
      return analysis
    })
  }

  /** For a text that was analysed before: what to send instead, and the origins that the result must have. */
  ownText(key: string): OwnText | undefined {
    return this.#known.ownTexts.get(key)
  }

  leaves(key: string): "rows" | "unknown" | undefined {
    return this.#known.leaving.get(key)
  }

  expectsNothing(key: string): boolean {
    return this.#known.unviewed.has(key)
  }

  wide(key: string): Wide | undefined {
    return this.#known.wide.known(key)
  }

  forget(key: string): void {
    this.#known.wide.forget(key)
    this.#known.ownTexts.delete(key)
  }

  /** Once per text and role, before its first execution: whether it is to be sent with the persons' columns. */
  learn(call: ObservedCall, key: string, ask: Ask): Promise<void> | undefined {
    const looked = this.#definitions.look(ask)
    return looked === undefined ? this.#learnText(call, key, ask) : looked.then(() => this.#learnText(call, key, ask))
  }

  #learnText(call: ObservedCall, key: string, ask: Ask): Promise<void> | undefined {
    const known = this.#known
    if (known.wide.isKnown(key)) return undefined
    if (!mayWiden(unended(call.text))) {
      known.wide.keep(key, undefined)
      return undefined
    }
    // Where it fails, what is shown is still recorded, by what the result says itself.
    return known.wide.get(key, () => this.#learn(known, call, ask)).then(ignore, ignore)
  }

  async #learn(known: Knowledge, call: ObservedCall, ask: Ask): Promise<Wide | undefined> {
    const map = await known.maps.anew(call.dbRole, () => this.#readMap(ask))
    const text = unended(call.text)
    // A text that is refused now may be asked again once a migration has made what it lacks; nothing is kept of it.
    const [fields, plan] = await Promise.all([
      ask.describe(text, call.parameters),
      answered(ask.plan(text, call.parameters).then(tablesOfPlan)),
    ])
    if (typeof plan === "string") return undefined
    const origins = this.originsOf(fields)
    const analysis = this.#analyseWith(call, origins, map, plan)
    known.analyses.keep(keyOf(call, origins), analysis)
    const wide = await widen({ call, text, tables: this.tables, map, fields, plan, analysis }, ask)
    this.#keepOwnText(known, call, fields, { ...(wide ?? { ...analysis, text, more: 0 }), carried: analysis.carried })
    return wide
  }

  #keepOwnText(
    known: Knowledge,
    call: ObservedCall,
    fields: Fields,
    sent: Pick<Wide, "text" | "more" | "views"> & Omit<Analysis, "views">,
  ): void {
    const key = keyOf(call, [])
    known.leaving.delete(key)
    if (sent.carried || sent.hidden) keepWithin(known.leaving, key, sent.carried ? "rows" : "unknown")
    // A COPY has no description of its rows; what leaves beside the rows is not in them.
    if (fields.length === 0 || (sent.carried && sent.views.length > 0)) return
    const { views } = sent
    const names = fields.map(({ name }) => name)
    const isAlone = views.every(({ relation }) => !relation.endsWith("()"))
    // A function that the caller answers for with `reads` may write, and what it writes is to be as safe as anywhere.
    const soon = this.#soon && isAlone && call.reads === undefined && isUnguarded(views)
    const text = selfRecordingText(sent, names, { statement: digestOf(call.text), soon })
    known.unviewed.delete(key)
    if (views.length === 0) keepWithin(known.unviewed, key, true)
    known.ownTexts.delete(key)
    if (text !== undefined) keepWithin(known.ownTexts, key, { text, origins: this.originsOf(fields).join() })
  }

  /** Where a result says whose its rows are; before its first analysis, wherever it shows a column of a table. */
  positionsOf(call: ObservedCall, fields: Fields): readonly number[] {
    const origins = this.originsOf(fields)
    const settled = this.#known.analyses.known(keyOf(call, origins))
    if (settled === undefined) return origins.flatMap((origin, at) => (origin === "" ? [] : [at]))
    const asked = settled.views.flatMap(({ subjects, key }) => (key === undefined ? subjects : [...subjects, key]))
    return [...new Set(asked)]
  }

  async mapOf(call: ObservedCall, ask: Ask): Promise<CatalogMap> {
    return await this.#known.maps.get(call.dbRole, () => this.#readMap(ask))
  }

  async #readMap(ask: Ask): Promise<CatalogMap> {
    const { tenant, branch } = this.#policy.tenancy.columns
    return await readCatalogMap(ask, this.tables, [tenant, branch])
  }

  async #analyse(call: ObservedCall, origins: readonly string[], known: Knowledge, ask: Ask): Promise<Analysis> {
    // Read again for each text: it may call a function, or read a table, that was made since.
    const map = await known.maps.anew(call.dbRole, () => this.#readMap(ask))
    const plan = await ask.plan(call.text, call.parameters).then(tablesOfPlan, unplanned)
    return this.#analyseWith(call, origins, map, plan)
  }

  #analyseWith(
    { text, reads }: ObservedCall,
    origins: readonly string[],
    map: CatalogMap,
    plan: PlannedTables | undefined,
  ): Analysis {
    return analyse({ text, reads, origins }, this.tables, map, plan)
  }

  async record(call: ObservedCall, seen: readonly Seen[], rows: number, ask: Ask): Promise<void> {
    if (seen.length === 0) return
    for (const { view, complete } of seen) if (!complete && view.strict.length > 0) refuse(call, view)
    const statement = digestOf(call.text)
    const events = seen.map(({ view, subjects, complete }) => ({
      relation: view.relation,
      groups: view.groups,
      subjects,
      n: rows,
      soon: this.#soon && isUnguarded(seen.map(({ view: each }) => each)),
      source: complete || view.source === "declared" ? view.source : "undetermined",
      ...(!complete && { statement }),
    }))
    try {
      await ask.query("select wardkeep_audit.record_views($1)", [JSON.stringify(events)])
    } catch (cause) {
      throw unrecorded(cause)
    }
  }
}

function isUnguarded(views: readonly TableView[]): boolean {
  return views.every(({ strict }) => strict.length === 0)
}

function keyOf({ dbRole, reads, text }: ObservedCall, origins: readonly string[]): string {
  return [dbRole, origins.join(), reads?.join() ?? "-", text].join("\0")
}

/** A text that PostgreSQL does not plan so is recorded as unknown. What may go well the next time is not kept. */
function unplanned(error: unknown): undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""
  if (!/^(?:42|0A|22)/.test(code)) throw error
}

/** What a statement was can be looked up by who has its text; the log holds no values of it. */
function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16)
}

function ignore(): void {
  // Said where it is asked again.
}

/** A semicolon at the end of a text says nothing, and nothing can be put behind it. */
function unended(text: string): string {
  return text.replace(/;\s*$/, "")
}

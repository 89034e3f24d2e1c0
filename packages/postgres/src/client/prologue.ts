import { quoteLiteral } from "@wardkeep/core"
import type { Context } from "../context/context.js"
import type { ServerFacts } from "./guard.js"
import type { StatementCatalog } from "./statements.js"
import { type Step, step } from "./wire/statement.js"

export interface PrologueOptions {
  readonly pooler: boolean
  readonly searchPath: string
  readonly statementTimeout: number
  readonly facts: ServerFacts
}

const set = (name: string, value: string): string => `pg_catalog.set_config('${name}', ${value}, true) is null`
const differs = (name: string, value: string): string =>
  `pg_catalog.current_setting('${name}') <> ${quoteLiteral(value)}`

/**
 * What gives a unit its context: one command, no rows. It also makes sure that the session still has the
 * settings it was opened with; where it cannot be destroyed (a pooler) it sets them for the transaction instead.
 */
export class Prologue {
  readonly #options: PrologueOptions
  readonly #statements: StatementCatalog
  #plain: string | undefined
  #withRequest: string | undefined

  constructor(options: PrologueOptions, statements: StatementCatalog) {
    this.#options = options
    this.#statements = statements
  }

  readonly make = (context: Context, token: string): readonly Step[] => {
    const request = this.#options.pooler || context.requestId !== undefined
    this.#plain ??= this.text(false)
    this.#withRequest ??= this.text(true)
    const text = request ? this.#withRequest : this.#plain
    // The branch is set even when there is none: one left on the session would narrow somebody else.
    const branch = context.branch ?? ""
    const values = this.#options.facts.strategy === "portable" ? [context.dbRole, token, branch] : [token, branch]
    if (request) values.push(context.requestId ?? "")
    const own = step(this.#statements.own(text), values)
    // Behind a pooler a role may be left on the session, which may not call what comes next.
    return this.#options.pooler && this.#options.facts.strategy === "accelerated"
      ? [step(this.#statements.own("set role none")), own]
      : [own]
  }

  text(request: boolean): string {
    const { facts, pooler } = this.#options
    const conditions =
      facts.strategy === "portable"
        ? [set("role", "$1"), set("wardkeep.token", "$2"), set("wardkeep.branch", "$3")]
        : [set("role", "wardkeep.enter($1, $2)")]
    if (request) conditions.push(set("wardkeep.request", facts.strategy === "portable" ? "$4" : "$3"))
    if (pooler) conditions.push(...this.#fixed())
    else conditions.push(this.#unchanged())
    return `select where ${conditions.join(" or ")}`
  }

  #fixed(): string[] {
    const { searchPath, statementTimeout, facts } = this.#options
    return [
      set("search_path", quoteLiteral(searchPath)),
      set("statement_timeout", quoteLiteral(`${statementTimeout}ms`)),
      set("row_security", "'on'"),
      set("bytea_output", "'hex'"),
      // Without them a fence may answer in silence, and others are answered too little or in round figures.
      set("cpu_operator_cost", "'0.0025'"),
      set("extra_float_digits", "'1'"),
      set("gin_fuzzy_search_limit", "'0'"),
      set("transform_null_equals", "'off'"),
      ...(facts.version_num >= 170000 ? [set("transaction_timeout", "'0'")] : []),
      set("TimeZone", quoteLiteral(facts.time_zone)),
      set("DateStyle", quoteLiteral(facts.date_style)),
      set("IntervalStyle", quoteLiteral(facts.interval_style)),
    ]
  }

  /** Settings that PostgreSQL does not report when they change. Each costs 0.9 us, so the list is short. */
  #unchanged(): string {
    const { searchPath, statementTimeout, facts } = this.#options
    const checks = [differs("statement_timeout", milliseconds(statementTimeout)), differs("row_security", "on")]
    // Reported from 18 on.
    if (facts.version_num < 180000) checks.push(differs("search_path", searchPath))
    return `((${checks.join(" or ")}) and wardkeep.refuse_session())`
  }
}

/** As current_setting() prints a time: in the largest unit that divides it. */
export function milliseconds(value: number): string {
  if (value === 0) return "0"
  for (const [unit, size] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
  ] as const)
    if (value % size === 0) return `${value / size}${unit}`
  return `${value}ms`
}

/** The level is said each time: the session's default may be somebody else's choice. A later level stands above this one. */
export function beginWith(modes: readonly string[]): string {
  return ["begin isolation level read committed", ...modes].join(", ")
}

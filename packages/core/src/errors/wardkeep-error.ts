import { type Code, codes, isCode } from "./codes.js"

const brand = Symbol.for("wardkeep.error.v1")

export interface WardkeepErrorOptions {
  /** What happened here, in addition to the code's title; never a row value. */
  readonly message?: string
  /** Which object. */
  readonly detail?: string
  /** What to do next, when it differs from the catalogue. */
  readonly hint?: string
  readonly cause?: unknown
}

/**
 * Every error Wardkeep raises. `code` is the SQLSTATE in SQL and the anchor in docs/reference/errors.md.
 *
 * @example
 * if (error instanceof WardkeepError && error.code === "WK102") response.redirect("/login")
 */
export class WardkeepError extends Error {
  readonly code: Code
  readonly hint: string
  readonly http: number
  readonly detail: string | undefined
  readonly [brand] = true

  constructor(code: Code, options: WardkeepErrorOptions = {}) {
    super(options.message ?? codes[code].title, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = "WardkeepError"
    this.code = code
    this.hint = options.hint ?? codes[code].hint
    this.http = codes[code].http
    this.detail = options.detail
  }

  /** The form for a terminal: code, what, which, next step. */
  describe(): string {
    const where = this.detail === undefined ? "" : `\n  ${this.detail}`
    return `${this.code} ${this.message}${where}\n  → ${this.hint}`
  }

  // Two copies of this package (ESM and CommonJS, or two versions) recognise each other's errors.
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && brand in value
  }
}

/** Where ORMs keep what the driver said: the standard's, Sequelize's and TypeORM's name for it. */
const causes = ["cause", "original", "driverError"] as const
/** Deeper than any library nests them, and an end for an error that is its own cause. */
const deepest = 8

/**
 * The error of Wardkeep's in what was thrown, or in what caused it: ORMs put errors of their own around the driver's.
 *
 * @example if (wardkeepErrorIn(error)?.code === "WK102") response.redirect("/login")
 */
export function wardkeepErrorIn(error: unknown): WardkeepError | undefined {
  return within(error, deepest)
}

function within(error: unknown, depth: number): WardkeepError | undefined {
  if (error instanceof WardkeepError) return error
  if (typeof error !== "object" || error === null || depth === 0) return undefined
  const parts = error as Record<string, unknown>
  for (const key of causes) {
    const found = within(parts[key], depth - 1)
    if (found !== undefined) return found
  }
  // Prisma keeps the code and nothing else.
  return isCode(parts.code) ? new WardkeepError(parts.code, { cause: error }) : undefined
}

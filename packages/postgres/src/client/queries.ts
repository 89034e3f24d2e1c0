import type { StreamOptions } from "./stream.js"
import type { Row } from "./wire/row-shape.js"
import type { Result } from "./wire/unit.js"

export type Values = readonly unknown[]

export interface QueryOptions {
  readonly signal?: AbortSignal
  /** Milliseconds for this call, waiting for a connection included. */
  readonly timeout?: number
  /**
   * For policies that record views: tables, `schema.table`, that the statement reads in ways that cannot be seen from
   * outside, such as in a function of yours. They are recorded as seen, of nobody in particular.
   */
  readonly reads?: readonly string[]
}

/** What a client and a transaction have in common. */
export interface Queries {
  query<R extends object = Row>(text: string, values?: Values, options?: QueryOptions): Promise<Result<R>>
  stream<R extends object = Row>(
    text: string,
    values?: Values,
    options?: StreamOptions,
  ): AsyncGenerator<R, void, undefined>
}

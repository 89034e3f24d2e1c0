/** One entry of the catalogue of error codes. */
export interface CodeEntry {
  /** What happened, without row values. */
  readonly title: string
  /** What to do next. */
  readonly hint: string
  /** The HTTP status an adapter answers with. */
  readonly http: number
}

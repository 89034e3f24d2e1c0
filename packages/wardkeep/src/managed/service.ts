/** How sure a sentence is: tried by a test, read in a named document or report, or remembered and not checked. */
export type Grade = "tested" | "read" | "remembered"

export interface Fact {
  readonly text: string
  readonly grade: Grade
  /** The test file, document or report. */
  readonly source?: string
}

/** What is known about one kind of server. `doctor` prints it, and the pages in docs/managed are made from it. */
export interface ManagedService {
  /** The page's file name and the value of `--service`. */
  readonly id: string
  readonly name: string
  /** A role whose presence says that the server is this service; remembered, so `--service` overrides it. */
  readonly marker?: string
  /** What was tried. On a managed service this is what was tried on a plain server with the same rights. */
  readonly verified: readonly Fact[]
  /** What should hold, and why we think so. */
  readonly assumed: readonly Fact[]
  readonly unknown: readonly string[]
}

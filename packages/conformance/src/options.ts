import type { TargetInput } from "./target/schema.js"

export type Mode = "catalog" | "probe" | "drill"

export interface VerifyOptions {
  /** An administrator or a reader whom no policy stops: for positive controls and sample rows, never for an attack. */
  readonly databaseUrl: string
  /**
   * The application's own login: for every attack. Catalog mode does without it, and then says INCONCLUSIVE of every check that
   * asks what the application may do.
   */
  readonly appUrl?: string | undefined
  /** What `target.json` holds, as text or as an object. */
  readonly target: TargetInput | string
  readonly mode?: Mode | undefined
  /** Codes of checks, such as `WKC020`. */
  readonly only?: readonly string[] | undefined
  readonly skip?: readonly string[] | undefined
  /** Called before each object. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface Progress {
  readonly check: string
  readonly title: string
  readonly object: string
  readonly done: number
  readonly of: number
}

/** One way to use the client, and what lies between it and the server. */
export interface Way {
  readonly name: string
  readonly max: number
  readonly shared?: number
  readonly store: "als" | "cls-hooked"
  readonly strategy: "portable" | "accelerated"
  /** Sessions of the server that the pooler keeps. Default 5. */
  readonly poolSize?: number
}

const stores = ["als", "cls-hooked"] as const
const portable = { strategy: "portable" } as const
const accelerated = { strategy: "accelerated", store: "als" } as const

export const directWays: readonly Way[] = [
  ...stores.flatMap((store): Way[] => [
    { ...portable, name: "a pool of 1", max: 1, store },
    { ...portable, name: "a pool of 2", max: 2, store },
    { ...portable, name: "a pool of 10", max: 10, store },
    { ...portable, name: "2 shared pipelined connections", max: 2, shared: 2, store },
  ]),
  { ...accelerated, name: "a pool of 2, accelerated", max: 2 },
  { ...accelerated, name: "2 shared pipelined connections, accelerated", max: 2, shared: 2 },
]

export const poolerWays: readonly Way[] = [
  ...stores.flatMap((store): Way[] => [
    { ...portable, name: "PgBouncer, a pool of 2", max: 2, store },
    { ...portable, name: "PgBouncer, a pool of 10", max: 10, store },
  ]),
  { ...portable, name: "PgBouncer, 2 shared pipelined connections", max: 2, shared: 2, store: "als" },
  { ...portable, name: "PgBouncer with one session, a pool of 10", max: 10, store: "als", poolSize: 1 },
  { ...accelerated, name: "PgBouncer, a pool of 10, accelerated", max: 10 },
]

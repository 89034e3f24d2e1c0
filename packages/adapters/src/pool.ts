import type { Wardkeep } from "@wardkeep/postgres"

/** What an adapter of an ORM needs of the client. */
export type Pooled = Pick<Wardkeep, "pool">

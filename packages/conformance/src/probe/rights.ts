import { z } from "zod"
import { type Catalog, readRows } from "../catalog/catalog.js"
import type { Relation } from "../catalog/relation.js"
import type { Actor } from "../database/actor.js"

const row = z.object({
  oid: z.string(),
  /** Columns. */
  select: z.array(z.string()),
  insert: z.array(z.string()),
  update: z.array(z.string()),
  delete: z.boolean(),
  truncate: z.boolean(),
  trigger: z.boolean(),
  references: z.boolean(),
  /** An owner has every privilege, which is another check's finding. */
  owner: z.boolean(),
})

/** What a tenant's role may do with one relation, by grants alone. */
export type Rights = Omit<z.output<typeof row>, "oid">

const none: Rights = {
  select: [],
  insert: [],
  update: [],
  delete: false,
  truncate: false,
  trigger: false,
  references: false,
  owner: false,
}

/** Grants per tenant, read once in its context. */
export class RightsBook {
  readonly #catalog: Catalog
  readonly #books = new Map<Actor, Promise<Map<string, Rights>>>()

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  async of(actor: Actor, relation: Relation): Promise<Rights> {
    const book = this.#books.get(actor) ?? this.#read(actor)
    this.#books.set(actor, book)
    return (await book).get(relation.oid) ?? none
  }

  async #read(actor: Actor): Promise<Map<string, Rights>> {
    const oids = this.#catalog.relations.map(({ oid }) => oid)
    const rows = await actor.look(async (_, connection) => await readRows(connection, "rights.sql", row, [oids]))
    return new Map(rows.map(({ oid, ...rights }) => [oid, rights]))
  }
}

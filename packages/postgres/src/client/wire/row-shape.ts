import pg from "pg"

type Parse = (value: string) => unknown
export type Row = Record<string, unknown>
export type RowMode = "array" | undefined

/** Finds the function that turns the text of a type into a value; the shape of `pg`'s `types` option. */
export interface TypeParsers {
  getTypeParser(oid: number, format?: string): unknown
}

/** An OID that no type has: its parser is the one that leaves text as it is. */
const nobody: number = 0x7fffffff
const plain: unknown = pg.types.getTypeParser(nobody, "text")

/** What a statement returns, described by the server once and kept beside the prepared statement. */
export class RowShape {
  readonly fields: pg.FieldDef[]
  readonly #names: string[]
  readonly #parsers: (Parse | null)[]
  readonly #empty: Row
  readonly #types: TypeParsers
  #narrower: RowShape | undefined

  constructor(fields: pg.FieldDef[], types: TypeParsers) {
    this.fields = fields
    this.#types = types
    this.#names = fields.map((field) => field.name)
    this.#parsers = fields.map((field) => parserOf(types, field.dataTypeID))
    const empty: Row = Object.create(null)
    for (const name of this.#names) empty[name] = null
    this.#empty = { ...empty }
  }

  object(values: readonly (string | null)[]): Row {
    const row = { ...this.#empty }
    const names = this.#names
    const parsers = this.#parsers
    for (let i = 0; i < names.length; i++) {
      const value = values[i] as string | null
      const parse = parsers[i] as Parse | null
      row[names[i] as string] = value === null || parse === null ? value : parse(value)
    }
    return row
  }

  array(values: readonly (string | null)[]): unknown[] {
    return this.#parsers.map((parse, i) => {
      const value = values[i] as string | null
      return value === null || parse === null ? value : parse(value)
    })
  }

  /** The shape of rows without their last `columns`; the same one for the same number. */
  without(columns: number): RowShape {
    const length = Math.max(0, this.fields.length - columns)
    if (this.#narrower?.fields.length !== length)
      this.#narrower = new RowShape(this.fields.slice(0, length), this.#types)
    return this.#narrower
  }
}

function parserOf(types: TypeParsers, oid: number): Parse | null {
  const parse = types.getTypeParser(oid, "text")
  if (parse === plain || typeof parse !== "function") return null
  return parse as Parse
}

import type { Wardkeep } from "@wardkeep/postgres"
import type { OrmCase } from "./orm-cases.ts"

export interface Row {
  readonly clinic_id: string
  readonly full_name: string
}

export interface Patient extends Row, Key {
  /** Hidden from the role that everything here runs as. */
  readonly hiv_status: string | null
}

/** The primary key. */
export interface Key {
  readonly clinic_id: string
  readonly branch_id: string
  readonly id: string
}

/** One of an ORM's ways to read, as its documentation calls it, with the tables whose rows it shows. */
export type OwnRead = readonly [what: string, shown: readonly ("patient" | "visit")[], work: () => Promise<unknown>]

/** A transaction of the ORM's own. */
export interface Inside {
  add(name: string): Promise<unknown>
  list(): Promise<readonly Row[]>
  nested(work: (inside: Inside) => Promise<unknown>): Promise<unknown>
}

/** What people do with an ORM, each in the way its documentation shows. */
export interface Orm {
  list(): Promise<readonly Patient[]>
  /** Every column of the model, hidden ones too, where that is not the same as `list`. */
  allColumns?(): Promise<readonly Patient[]>
  /** One row by its primary key. */
  one(key: Key): Promise<Row | null | undefined>
  raw(text: string): Promise<readonly Row[]>
  /** By a statement that the ORM prepares, or would. */
  find(name: string): Promise<readonly Row[]>
  create(name: string): Promise<string>
  save(id: string, name: string): Promise<unknown>
  upsert(id: string, name: string): Promise<unknown>
  eager(): Promise<readonly (Row & { readonly visits: readonly { readonly reason: string }[] })[]>
  transaction(work: (inside: Inside) => Promise<unknown>): Promise<unknown>
  /** Made now, begun when it is awaited; a function where the ORM has no such thing. */
  lazy(): PromiseLike<unknown> | (() => Promise<unknown>)
  /** More of its ways to read, of which the log is asked what it says. */
  reads(key: Key, name: string): readonly OwnRead[]
  close?(): Promise<unknown>
}

export interface OrmSubject {
  readonly name: string
  /** The package whose version the page names. */
  readonly library: string
  /** How an application calls the adapter. */
  readonly call: string
  open(wk: Wardkeep): Orm | Promise<Orm>
  /** What does not work: the contract demands that it fails, and fails like this. */
  readonly exceptions?: Partial<Record<OrmCase, { readonly why: string; readonly error: RegExp }>>
  /** What the page says besides. */
  readonly notes?: readonly string[]
}

import type { Action, Actor } from "@wardkeep/core"
import type { RealRow } from "./rows.js"

/** Who tries: one token. */
export interface Standing {
  readonly actor: Actor
  readonly person: string
  readonly purpose: string
  /** Seconds since the second factor. */
  readonly mfaAge: number
  /** Whom a confined role reaches. */
  readonly only: readonly string[] | null
}

export type Verdict = "PASSED" | "FAILED" | "INCONCLUSIVE"
/** What a statement can try; the other actions are what an application does with rows that it has read. */
export type SqlAction = "create" | "read" | "update" | "delete"
export type Expected = "allowed" | "refused"

export interface Named {
  readonly role: string
  readonly action: Action
  readonly table: string
  /** One column, where a grant is tried; else null. */
  readonly column: string | null
  /** Which row, in words: `own branch`, `sibling branch`, `other clinic, for another purpose`. */
  readonly where: string
  readonly expected: Expected
}

/** Something that can be tried. */
export interface Attempt extends Named {
  readonly standing: Standing
  readonly text: string
  readonly values: readonly (string | null)[]
  /** The same with the key as its only values, for a file; null where a whole row would have to be in it. */
  readonly plain: string | null
  /** The table that the right is to, where it is not the one that is asked: words are read with their table. */
  readonly of?: string
  /** It touches no row: an answer without an error means that the right is granted. */
  readonly probe: boolean
}

/** Something that should be tried and cannot be. */
export interface Untried extends Named {
  readonly untried: string
}

/** An action that only the matrix can refuse, and refuses: there is nothing to try in the database. */
export interface Answered extends Named {
  readonly answered: "refused"
}

export type Planned = Attempt | Untried | Answered

/** A row and what it is there for. */
export interface Aimed {
  readonly row: RealRow
  readonly where: string
  readonly expected: Expected
  readonly standing: Standing
}

/** As people read it: `reception · read public.patient · sibling branch: refused`. */
export function nameOf({ role, action, table, column, where, expected }: Named): string {
  return `${role} · ${action} ${table}${column === null ? "" : `.${column}`} · ${where}: ${expected}`
}

export function shownRole({ kind, name }: Actor): string {
  return kind === "role" ? name : `${name} (service)`
}

export function standingKey({ actor, person, purpose, mfaAge, only }: Standing): string {
  return JSON.stringify([actor.kind, actor.name, person, purpose, mfaAge, only])
}

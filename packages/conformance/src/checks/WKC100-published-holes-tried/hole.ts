import { randomBytes } from "node:crypto"

/** Names on the stage; drawn for each run, because roles are the whole server's. */
export interface Names {
  readonly schema: string
  readonly one: string
  readonly two: string
}

export const drawNames = (): Names => {
  const word = `wk_hole_${randomBytes(6).toString("hex")}`
  return { schema: word, one: `${word}_1`, two: `${word}_2` }
}

/** A hole that was published, and the smallest stage on which it shows. */
export interface Hole {
  readonly cve: string
  readonly what: string
  /** `server_version_num` of the first major version that has what the stage uses. */
  readonly from?: number
  /** Makes tables, policies and grants; what is refused here says nothing about the hole. */
  readonly stage: (names: Names) => readonly string[]
  /** Must return a row: the stage does what it is for. */
  readonly control: (names: Names) => string
  /** In order; the server may refuse any of them. */
  readonly attack: (names: Names) => readonly string[]
  /** Returns a row where the hole is open; the word `hidden` in an error or a notice of the attack shows it too. */
  readonly open: (names: Names) => string
}

/** A schema, two roles, and a table of `columns` that has row-level security. */
export const table = ({ schema, one, two }: Names, columns: string): string[] => [
  `create schema ${schema}`,
  `create role ${one}`,
  `create role ${two}`,
  `grant usage on schema ${schema} to ${one}, ${two}`,
  `create table ${schema}.t (${columns})`,
  `alter table ${schema}.t enable row level security`,
]

export const as = (role: string): string => `set local role ${role}`
export const back = "reset role"

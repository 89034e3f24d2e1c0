/** What a row holds, as drivers give it: bigint and uuid as text are fine. */
export type Value = string | number | bigint | boolean | Date | null | undefined

export type Row = Readonly<Record<string, Value>>

/** Who asks, why and when: what the signed context holds, as plain data. Members left out hold nothing. */
export interface Context {
  readonly actor: string
  readonly role: string
  /** The role is one of the policy file's services. */
  readonly service?: boolean
  readonly purpose: string
  /** As text; without it no row of a tenant is in the context. */
  readonly tenant?: string
  /** The branches of the context, as text. */
  readonly branches: readonly string[]
  /** Named sets of branches. */
  readonly groups?: Readonly<Record<string, readonly string[]>>
  /** When the second factor was given. */
  readonly mfaAt?: Date | null
  /** The moment the question is about; the database uses the start of the statement. */
  readonly now: Date
  /** Rows of assignment tables by qualified name, as far as the role may read them. */
  readonly assignments?: Readonly<Record<string, readonly Row[]>>
  /** A context for these subjects only, such as one made by break-glass. */
  readonly only?: readonly string[]
}

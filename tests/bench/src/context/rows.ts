import type pg from "pg"
import type { Client } from "../client.ts"
import type { Session } from "../data/prepare.ts"

/** Runs a prepared statement by hand and checks how many rows came; a function where the number differs per call. */
export function handWrittenRows(
  raw: pg.Client,
  text: string,
  values: () => unknown[],
  expected: number | ((rows: readonly unknown[]) => boolean),
): () => Promise<void> {
  const name = `f${text.length}${text.slice(-40)}`.slice(0, 60)
  return async () => check((await raw.query({ name, text, values: values() })).rows, expected)
}

export function protectedRows(
  client: Client,
  text: string,
  next: () => readonly [Session, unknown[]],
  expected: number | ((rows: readonly unknown[]) => boolean),
): () => Promise<void> {
  return async () => {
    const [session, values] = next()
    check((await client.run(session, () => client.query(text, values))).rows, expected)
  }
}

function check(rows: readonly unknown[], expected: number | ((rows: readonly unknown[]) => boolean)): void {
  if (typeof expected === "number" ? rows.length !== expected : !expected(rows))
    throw new Error(`a reply of ${rows.length} rows is not what was asked for`)
}

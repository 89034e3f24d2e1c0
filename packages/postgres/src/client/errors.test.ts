import pg from "pg"
import { describe, expect, it } from "vitest"
import { outward } from "./errors.js"
import { Statement } from "./wire/statement.js"

function databaseError(code: string, message: string, fields: Partial<pg.DatabaseError> = {}): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError(message, message.length, "error"), { code, ...fields })
}

const leave = (error: unknown, text = "select 1"): pg.DatabaseError =>
  outward(error, new Statement(text, ""), false) as pg.DatabaseError

describe("errors that leave the client", () => {
  it("carry no row value in any field", () => {
    const secret = 'Asha "Meena" Rao/neg/+9198'
    for (const [code, message] of [
      ["22P02", `invalid input syntax for type integer: "${secret}"`],
      ["22007", `invalid input syntax for type date: "${secret}"`],
      ["22003", `value "${secret}" is out of range for type integer`],
      ["22021", `invalid byte sequence for encoding "UTF8": 0x${secret}`],
      ["42P01", `relation "${secret}" does not exist`],
      ["42704", `type "${secret}" does not exist`],
      ["42601", `syntax error at or near "${secret}"`],
      ["22023", `time zone "${secret}" not recognized`],
      ["42704", `unrecognized configuration parameter "x"${secret}"y"`],
      ["23514", `value for domain x violates "${secret}"`],
      ["42883", `operator does not exist: ${secret}`],
      ["42883", `function ${secret}(integer) does not exist`],
      ["42601", `improper qualified name (too many dotted names): a.b.c.${secret}`],
      ["42P17", `no such thing as ${secret}`],
      ["0A000", `cross-database references are not implemented: a.b.${secret}`],
    ] as const) {
      const error = leave(databaseError(code, message, { detail: secret, where: secret, internalQuery: secret }))
      expect(`${error.stack} ${JSON.stringify(error)}`, code).not.toMatch(/Asha|Meena|Rao/)
    }
  })

  it("keep the names of objects and what stands in the statement", () => {
    const unique = leave(
      databaseError("23505", 'duplicate key value violates unique constraint "patient_pkey"', {
        constraint: "patient_pkey",
      }),
    )
    expect(unique.message).toContain("patient_pkey")
    const parsed = databaseError("42P01", 'relation "patientt" does not exist', { position: "15" })
    expect(leave(parsed, "select * from patientt").message).toContain("patientt")
    const policy = 'new row violates row-level security policy "wk_fence" for table "patient"'
    expect(leave(databaseError("42501", policy)).message).toBe(policy)
  })

  it("do not confirm a guess: what stands in the statement stays only in errors of reading it, not of running it", () => {
    const guess = "select full_name::regclass from patient /* Asha */"
    const ran = databaseError("42P01", 'relation "Asha" does not exist')
    expect(leave(ran, guess).message).not.toContain("Asha")
    const ranInside = databaseError("42601", 'syntax error at or near "Asha"', {
      position: "3",
      internalPosition: "3",
      internalQuery: "select Asha",
    })
    expect(leave(ranInside, guess).message).not.toContain("Asha")
  })

  it("say what PostgreSQL says of a text that was never run, and of what holds nothing of a row", () => {
    const operator = "operator does not exist: text = integer"
    const hint = "You might need to add explicit type casts."
    expect(leave(databaseError("42883", operator, { position: "8", hint }))).toMatchObject({ message: operator, hint })
    for (const [code, message] of [
      ["42P10", "there is no unique or exclusion constraint matching the ON CONFLICT specification"],
      ["42P18", "could not determine data type of parameter $1"],
      ["42601", "cannot insert multiple commands into a prepared statement"],
      ["42P22", "could not determine which collation to use for string comparison"],
      ["0A000", "cached plan must not change result type"],
    ] as const)
      expect(leave(databaseError(code, message)).message).toBe(message)
    const ran = leave(databaseError("42883", "function quartz(integer) does not exist", { hint: "No quartz matches." }))
    expect(ran).toMatchObject({ message: "function or operator does not exist", hint: undefined })
  })

  it("become ours where the database raised one of our codes", () => {
    expect(
      outward(databaseError("WK102", "the context has expired", { hint: "Sign in again." }), undefined, false),
    ).toMatchObject({
      code: "WK102",
      hint: "Sign in again.",
    })
  })

  it("point into the caller's text, not into the comment before it", () => {
    const error = outward(
      databaseError("42703", "column", { position: "25" }),
      new Statement("/* wk_r */ select nope", "", false, 11),
      false,
    )
    expect((error as pg.DatabaseError).position).toBe("14")
  })

  it("keep their detail where the host asked for it", () => {
    const error = outward(databaseError("23505", "duplicate", { detail: "Key (id)=(7)" }), undefined, true)
    expect((error as pg.DatabaseError).detail).toBe("Key (id)=(7)")
  })
})

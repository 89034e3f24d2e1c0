import { expect, it } from "vitest"
import { answerText, type Outcome, tellingText } from "./outcome.js"

const failed = (code: string): Outcome => ({
  rows: [],
  count: 0,
  notices: [],
  error: { code, message: "it failed", detail: "", hint: "", constraint: "", table: "", where: "", routine: "" },
})

it("what the server did not answer is no answer to compare with, and a refusal is one", () => {
  for (const code of ["57014", "55P03", "53200", "40P01"]) expect(answerText(failed(code)), code).toBeUndefined()
  expect(answerText(failed("42501"))).toContain("it failed")
  expect(answerText({ rows: [{ n: 1 }], count: 1, notices: [], error: undefined })).toBe('{"n":1}')
})

it("words of the server are no row's, and what it quotes, what RAISE says and what a cast repeats may be", () => {
  const said = (code: string, words: Partial<NonNullable<Outcome["error"]>>): string => {
    const { error, ...rest } = failed(code)
    return tellingText({ ...rest, error: error && { ...error, ...words } })
  }
  const frame = "PL/pgSQL function f(text) line 3 at SQL statement"
  expect(said("42501", { message: "permission denied for table claim", where: frame })).not.toMatch(/denied|statement/)
  expect(said("42703", { message: 'column "Asha Rao" does not exist' })).toContain("Asha Rao")
  expect(said("42703", { message: "la colonne « Asha Rao » n'existe pas" })).toContain("Asha Rao")
  expect(said("23514", { message: "refused", detail: "Failing row contains (1, Asha Rao)." })).toContain("Asha Rao")
  expect(said("42501", { message: "claim of Asha Rao", routine: "exec_stmt_raise" })).toContain("Asha Rao")
  expect(said("22P02", { where: "JSON data, line 1: Asha..." })).toContain("Asha")
  expect(said("22012", { where: `SQL statement "select 'Asha Rao'"\n${frame}` })).toContain("Asha Rao")
})

import { expect, it } from "vitest"
import { answerText, type Outcome } from "./outcome.js"

const failed = (code: string): Outcome => ({
  rows: [],
  count: 0,
  notices: [],
  error: { code, message: "it failed", detail: "", hint: "", constraint: "", table: "", where: "" },
})

it("what the server did not answer is no answer to compare with, and a refusal is one", () => {
  for (const code of ["57014", "55P03", "53200", "40P01"]) expect(answerText(failed(code)), code).toBeUndefined()
  expect(answerText(failed("42501"))).toContain("it failed")
  expect(answerText({ rows: [{ n: 1 }], count: 1, notices: [], error: undefined })).toBe('{"n":1}')
})

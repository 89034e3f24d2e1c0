import { expect, test } from "vitest"
import { answerOf } from "./exchange.js"
import { kindOfKey, kindOfSlot, singular } from "./kind.js"
import { inventedLike, shapeOf } from "./sameness.js"
import { strongTokens } from "./token.js"

test.each([
  ["3F2504E0-4F89-41D3-9A0C-0305E82C3301", ["3f2504e0-4f89-41d3-9a0c-0305e82c3301"]],
  ["after food [cny3fa91c20ab77de018c3d]", ["cny3fa91c20ab77de018c3d"]],
  ["write to Asha.Rao@clinic.example today", ["asha.rao@clinic.example"]],
  ["+919812300001", ["919812300001"]],
  ["99123456789012", ["99123456789012"]],
  ["CANARY_NORTH", ["canary_north"]],
])("%s is not guessed", (text, tokens) => {
  expect(strongTokens(text)).toEqual(tokens)
})

test.each([
  "2024-05-06T09:12:33.123Z",
  "2024-05-06",
  "1714986753123",
  "1714986753",
  "INV20240001",
  "viral fever",
  "Complains of headache. Advised rest, fluids and review.",
  "appointment-cancelled",
  "12345678",
  "image/jpeg",
])("%s may be the same for two tenants by chance", (text) => {
  expect(strongTokens(text)).toEqual([])
})

test.each([
  ["patients", "patient"],
  ["branches", "branch"],
  ["lab-results", "labresult"],
  ["facilities", "facility"],
  ["address", "address"],
  ["status", "statu"],
])("%s is the kind %s", (word, kind) => {
  expect(singular(word)).toBe(kind)
})

test("the same kind is recognised in keys, segments, parameters and headers", () => {
  const all = [
    kindOfKey("id", "branches", false),
    kindOfKey("branch_id", "patients", false),
    kindOfKey("branchId", "patients", false),
    kindOfKey("branches", "me", true),
    kindOfSlot("branch"),
    kindOfSlot("X-Branch-Id"),
    kindOfSlot("branch_ids"),
  ]
  expect(new Set(all)).toEqual(new Set(["branch"]))
})

test("an invented id has the form of the real one and is another", () => {
  expect(inventedLike("3f2504e0-4f89-41d3-9a0c-0305e82c3301")).toMatch(/^[0-9a-f-]{36}$/)
  expect(Number(inventedLike("17"))).toBeLessThan(2 ** 31)
  expect(inventedLike("aarogya-pune")).toMatch(/^[a-z]{7}-[a-z]{4}$/)
})

test("answers are the same when only ids, moments and what was asked differ", () => {
  const answer = (status: number, body: object) =>
    answerOf(status, [["content-type", "application/json"]], Buffer.from(JSON.stringify(body)))
  const first = answer(404, { message: "no order 17", requestId: "3f2504e0-4f89-41d3-9a0c-0305e82c3301" })
  const second = answer(404, { message: "no order 1934567890", requestId: "9b2504e0-4f89-41d3-9a0c-0305e82c33ff" })
  expect(shapeOf(first, ["17"])).toBe(shapeOf(second, ["1934567890"]))
  expect(shapeOf(answer(200, { count: 57 }), [])).not.toBe(shapeOf(answer(200, { count: 0 }), []))
})

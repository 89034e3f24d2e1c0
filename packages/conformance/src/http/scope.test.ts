import { expect, test } from "vitest"
import { matches, parseScope } from "./scope.js"

const whole = { hosts: ["clinic.test"], requestsPerSecond: 5, stopAt: "2030-01-01T00:00:00Z", maxRequests: 100 }

test("a scope reads only unless it says more", () => {
  expect(parseScope(JSON.stringify(whole))).toMatchObject({ methods: ["GET", "HEAD"], paths: { include: ["/**"] } })
})

test.each([
  ["not JSON", "{", "is not JSON"],
  ["no host", { ...whole, hosts: [] }, "hosts"],
  ["no rate", { ...whole, requestsPerSecond: undefined }, "requestsPerSecond"],
  ["no rate at all", { ...whole, requestsPerSecond: 0 }, "requestsPerSecond"],
  ["a stop time without a zone", { ...whole, stopAt: "2030-01-01 10:00" }, "stopAt"],
  ["no maximum", { ...whole, maxRequests: undefined }, "maxRequests"],
  ["a method in small letters", { ...whole, methods: ["get"] }, "methods.0"],
  ["a path that is none", { ...whole, paths: { include: ["patients"] } }, "paths.include.0"],
  ["a misspelt field", { ...whole, path: {} }, "path"],
])("%s is refused with the place", (_what, value, place) => {
  const text = typeof value === "string" ? value : JSON.stringify(value)
  let thrown: unknown
  try {
    parseScope(text)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toMatchObject({ code: "WK752" })
  expect(JSON.stringify(thrown) + String(thrown)).toContain(place)
})

test.each([
  ["/patients", "/patients", true],
  ["/patients", "/patients/", true],
  ["/patients", "/patients/1", false],
  ["/patients/*", "/patients/1", true],
  ["/patients/*", "/patients/1/notes", false],
  ["/patients/*/notes", "/patients/1/notes", true],
  ["/patients/**", "/patients", true],
  ["/patients/**", "/patients/1/notes", true],
  ["/patients/**", "/patients-of-others", false],
  ["/**/export", "/a/b/export", true],
  ["/a.b", "/axb", false],
  ["/**", "/", true],
])("%s and %s: %s", (pattern, path, expected) => {
  expect(matches(pattern, path)).toBe(expected)
})

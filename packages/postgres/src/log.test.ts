import pino from "pino"
import { expect, it } from "vitest"
import { type LogFields, safeLogger } from "./log.js"

it("passes only the closed list of fields to a pino logger", () => {
  const lines: string[] = []
  const logger = pino({ level: "debug" }, { write: (line: string) => lines.push(line) })
  const smuggled = { code: "WK109", token: "secret", values: ["secret"], detail: "secret" } as LogFields
  safeLogger(logger).warn(smuggled, "a connection was destroyed")
  expect(lines.join()).toContain("WK109")
  expect(lines.join()).not.toContain("secret")
})

it("is silent without a logger", () => {
  expect(() => safeLogger(undefined).error({ code: "WK901" }, "x")).not.toThrow()
})

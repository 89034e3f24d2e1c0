import { loadLaw } from "@wardkeep/consent"
import { expect, it } from "vitest"
import { callCli } from "#tests/cli/call-cli.ts"
import { buildProgram } from "./program.js"

const law = (...args: string[]) => callCli("", ["law", ...args])

it("prints what binds a clinic on a day, whose part it is, and when that changes", async () => {
  const { code, stdout } = await law("--on", "2026-11-22")
  expect(code).toBe(0)
  expect(stdout).toContain(
    "On 2026-11-22, for a clinic (as read on 2026-11-22)\nEngineering research, not legal advice, and not every duty.",
  )
  expect(stdout).toMatch(
    /direction \(ii\): Report incidents.*\[within 6 hours from noticing the incident or being told of it\]/,
  )
  expect(stdout).toMatch(
    /Wardkeep helps \(wardkeep audit verify\) · text, as somebody reproduced it · from 2022-06-27\n +source: text as quoted from cert-in/,
  )
  expect(stdout).toMatch(/\nNot yet: \d+\n\nProposed only: 1\n\nHeld in abeyance: 1\n\nNext change: 2027-05-13\n$/)
  expect(stdout).not.toContain("rule 7(2)(b)")
  expect((await law("--on", "2026-11-22", "--all")).stdout).toContain("rule 7(2)(b)")
  expect((await law("--on", "2027-05-13")).stdout).toContain("[within 72 hours from becoming aware of the breach]")
})

it("answers as one JSON document", async () => {
  const { stdout } = await law("--as", "vendor", "--on", "2027-05-13", "--json")
  const answer = JSON.parse(stdout)
  expect(answer).toMatchObject({ on: "2027-05-13", as: "vendor", nextChange: "2027-05-14" })
  expect(answer.obligations.every(({ binds }: { binds: string[] }) => binds.includes("body-corporate"))).toBe(true)
})

it.each([
  [["--on", "13-05-2027"], "not a day of the calendar"],
  [["--as", "hospital"], "does not know who that is"],
  [["--as", "toString"], "does not know who that is"],
])("refuses %j", async (args, message) => {
  const { code, stderr } = await law(...args)
  expect([code, stderr.includes("WK009"), stderr.includes(message)]).toEqual([2, true, true])
})

it("names only commands that exist as evidence", () => {
  const { env, stdin, stdout, stderr } = process
  const program = buildProgram({
    surroundings: { env, folder: "", stdin, stdout, stderr },
    output: { out: () => undefined, err: () => undefined, paint: (_, text) => text },
    exitWith: () => undefined,
  })
  for (const { id, wardkeep } of loadLaw().obligations) {
    const [, ...words] = wardkeep.evidence?.split(" ") ?? []
    let command: typeof program | undefined = program
    for (const word of words) command = command?.commands.find((one) => one.name() === word)
    expect(command, `${id}: ${wardkeep.evidence}`).toBeDefined()
  }
})

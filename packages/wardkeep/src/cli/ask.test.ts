import { PassThrough } from "node:stream"
import { expect, it } from "vitest"
import { ask } from "./ask.js"
import type { CommandContext } from "./command-context.js"

const question = { text: "Write x?", otherwise: { message: "x would be written", hint: "Pass --yes." } }

/** A terminal, as far as is asked: somebody answers at the first question. */
function terminal(answer: string, isTTY = true): { context: CommandContext; seen: () => string } {
  const stdin = Object.assign(new PassThrough(), { isTTY })
  const stdout = Object.assign(new PassThrough(), { isTTY })
  let text = ""
  let isAnswered = false
  stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part
    // Once: a terminal shows what is typed, and that is heard here, too.
    if (!isAnswered && text.includes("Type yes: ")) {
      isAnswered = true
      stdin.write(`${answer}\n`)
    }
  })
  const surroundings = { stdin, stdout }
  return { context: { surroundings } as unknown as CommandContext, seen: () => text }
}

it("takes `yes` and nothing else, after it has shown what would be done", async () => {
  for (const [answer, taken] of [
    ["yes", true],
    [" yes ", true],
    ["y", false],
    ["", false],
    ["YES", false],
    ["yes please", false],
  ] as const) {
    const { context, seen } = terminal(answer)
    let shown = ""
    const said = await ask(context, false, question, () => {
      shown = `before: ${seen()}`
    })
    expect([answer, said]).toEqual([answer, taken])
    expect(shown).toBe("before: ")
    expect(seen()).toContain("Write x? Type yes: ")
  }
})

it("without a terminal, or for a document, nobody is asked and nothing is done", async () => {
  const nothing = (): never => {
    throw new Error("shown")
  }
  for (const [isTTY, json] of [
    [false, false],
    [true, true],
  ] as const)
    await expect(ask(terminal("yes", isTTY).context, json, question, nothing)).rejects.toMatchObject({
      code: "WK009",
      message: "x would be written",
      hint: "Pass --yes.",
    })
})

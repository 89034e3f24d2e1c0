import type { Ask } from "@wardkeep/postgres/client"
import { expect, it } from "vitest"
import { Definitions } from "./definitions.js"

/** Answers in turn; an error is thrown. */
function answering(...answers: (string | Error)[]): { ask: Ask; asked: () => number } {
  let asked = 0
  const query = async <R>(): Promise<R[]> => {
    const answer = answers[Math.min(asked++, answers.length - 1)]
    if (answer instanceof Error) throw answer
    return [{ version: answer }] as R[]
  }
  const no = (): Promise<never> => Promise.reject(new Error("not asked here"))
  return { ask: { query, plan: no, describe: no }, asked: () => asked }
}

it("forgets where the answer is another one, the first one too: what was learned meanwhile may rest on older ones", async () => {
  let changed = 0
  const definitions = new Definitions(0, () => changed++)
  const { ask } = answering("1", "1", "2")
  const counts: number[] = []
  for (let time = 0; time < 3; time++) {
    await definitions.look(ask)
    counts.push(changed)
  }
  expect(counts).toEqual([1, 1, 2])
})

it("takes nothing for unchanged where it could not ask, and asks again sooner", async () => {
  let changed = 0
  const definitions = new Definitions(1000, () => changed++)
  const { ask, asked } = answering(new Error("cancelled"), "1")
  await definitions.look(ask)
  expect({ changed, asked: asked() }).toEqual({ changed: 1, asked: 1 })
  expect(definitions.look(ask)).toBeUndefined()
  await expect.poll(() => definitions.look(ask) !== undefined && asked()).toBe(2)
})

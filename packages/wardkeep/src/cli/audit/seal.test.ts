import { expect, it } from "vitest"
import { cosignedBy } from "./seal.js"

const note = (size: number, by: string): string =>
  `wardkeep/clinic/5f0c\n${size}\nroot\n\n— wardkeep/clinic/5f0c own\n— ${by} one\n`

it("the file holds the newest checkpoint with the lines of all who cosigned it, also where one of them is late", () => {
  const first = cosignedBy("", note(7, "w1"))
  expect(first).toBe(note(7, "w1"))
  expect(cosignedBy(first, note(7, "w2"))).toBe(`${note(7, "w1")}— w2 one\n`)
  expect(cosignedBy(note(10, "w1"), note(9, "w2"))).toBe(note(10, "w1"))
  expect(cosignedBy(note(9, "w2"), note(10, "w1"))).toBe(note(10, "w1"))
})

import { expect, it } from "vitest"
import { within } from "./tricks.js"
import type { Shown } from "./view.js"

it("routes beyond the first hundred are named, not left out in silence", () => {
  const notCovered = new Set<string>()
  const shown = Array.from({ length: 103 }, (_, place) => ({ route: `GET /r${place}` }) as Shown)
  expect(within({ notCovered }, shown)).toEqual(shown.slice(0, 100))
  expect([...notCovered].map((text) => text.split(":")[0])).toEqual(["GET /r100", "GET /r101", "GET /r102"])
})

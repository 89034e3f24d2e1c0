import type { Step } from "./step.js"

// Grants take no lock that anybody waits for, and what is written into our own tables keeps to the order of 195_turns.sql.
const locking =
  /^\s*(?:alter table|(?:create|drop) (?:policy|trigger|view|table|index|unique index|constraint trigger))\b/m

/** The relations, of those that are there, which steps lock against readers or writers. */
export function locksOf(steps: readonly Step[], relations: Iterable<string>): string[] {
  const there = new Set(relations)
  const named = steps
    .filter(({ sql }) => locking.test(sql))
    .flatMap(({ object }) => object.split(" ").map((part) => part.split(".").slice(0, 2).join(".")))
  return [...new Set(named)].filter((name) => there.has(name)).sort()
}

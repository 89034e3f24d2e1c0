import type { RepositoryFile } from "./repository.ts"
import { isSource, isTest } from "./repository.ts"

interface Hatch {
  readonly name: string
  readonly pattern: RegExp
  /** How many the shipped source may hold in total. Raising one is a review question. */
  readonly budget: number
  /** Tests may use it: proving that a type refuses something needs an expected error. */
  readonly testsMay?: boolean
}

const at = "@"
const hatches: readonly Hatch[] = [
  { name: "any", pattern: /\bas any\b|:\s*any\b|<any\b|\bany\[\]/g, budget: 0 },
  { name: "double cast", pattern: /\bas unknown as\b/g, budget: 6, testsMay: true },
  { name: `${at}ts-ignore`, pattern: new RegExp(`${at}ts-ignore`, "g"), budget: 0 },
  { name: `${at}ts-nocheck`, pattern: new RegExp(`${at}ts-nocheck`, "g"), budget: 0 },
  {
    name: `${at}ts-expect-error`,
    pattern: new RegExp(`${at}ts-expect-error`, "g"),
    budget: 0,
    testsMay: true,
  },
  { name: "lint suppression", pattern: /biome-ignore/g, budget: 6, testsMay: true },
]

const withoutStrings = (text: string) => text.replace(/"(?:[^"\\\n]|\\.)*"/g, '""').replace(/^\s*\*.*$/gm, "")

/** Kinds of escape hatch used more often than their budget, each with the places. */
export function escapes(files: readonly RepositoryFile[]): string[] {
  const code = files.filter(({ path }) => /\.tsx?$/.test(path) && (isSource(path) || isTest(path)))
  return hatches.flatMap(({ name, pattern, budget, testsMay }) => {
    const places = code
      .filter(({ path }) => isSource(path) || !testsMay)
      .flatMap(({ path, text }) => [...withoutStrings(text).matchAll(pattern)].map(() => path))
    return places.length > budget ? [`${name}: ${places.length} of ${budget}: ${places.join(", ")}`] : []
  })
}

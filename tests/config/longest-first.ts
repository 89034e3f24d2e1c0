import { BaseSequencer, type TestSpecification } from "vitest/node"

/**
 * Files that take long for their size, the longest first: suites that are run from a line, or many databases made by a short loop.
 * Vitest begins with the largest file where it has measured none, as on a fresh clone; one of these at the end leaves all cores but one idle.
 */
export const longest = [
  "tests/architecture/arrows.test.ts",
  "tests/corpus/corpus.db.test.ts",
  "packages/postgres/src/compile/unsettled.db.test.ts",
  "tests/attacks/mutation.db.test.ts",
  "tests/http-holes/holes.db.test.ts",
  "tests/fuzz/isolation.fuzz.db.test.ts",
  "packages/conformance/src/checks/checks.db.test.ts",
  "packages/wardkeep/src/cli/matrix/tests.db.test.ts",
  "tests/contracts/adapters/adapters.db.test.ts",
  "tests/fuzz/isolation.fuzz.pooler.db.test.ts",
  "tests/attacks/sql.db.test.ts",
  "tests/attacks/sql.pooler.db.test.ts",
  "tests/http-holes/cli.db.test.ts",
  "tests/harness/test/lifecycle.db.test.ts",
  "tests/permissions/compiled.db.test.ts",
  "tests/http-holes/clinic.db.test.ts",
  "tests/conformance/wardkeep.db.test.ts",
  "tests/conformance/wardkeep.pooler.db.test.ts",
]

/** Where a file stands: the ones above in their order, all others behind them. */
export function placeOf(file: string): number {
  const found = longest.findIndex((path) => file.endsWith(`/${path}`))
  return found === -1 ? longest.length : found
}

/** As Vitest orders them, but for the files above. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => placeOf(a.moduleId) - placeOf(b.moduleId))
  }
}

import { writeFileSync } from "node:fs"

/**
 * A vitest reporter: counts, and names what failed, for the tally to say once more at the end of a long output. The file is named by
 * WARDKEEP_TEST_REPORT.
 */
export default class Report {
  onTestRunEnd(modules, unhandled) {
    const counts = { passed: 0, skipped: 0 }
    const failed = unhandled.map((error) => named("no test", error))
    for (const module of modules) {
      const before = failed.length
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result()
        if (state === "failed") failed.push(named(`${module.relativeModuleId} > ${test.fullName}`, errors?.[0]))
        else counts[state === "passed" ? "passed" : "skipped"] += 1
      }
      // A file that fails while loading, or in a hook, has no test that failed.
      if (module.state() === "failed" && failed.length === before) {
        const errors = [module, ...module.children.allSuites()].flatMap((each) => each.errors())
        failed.push(named(module.relativeModuleId, errors[0]))
      }
    }
    writeFileSync(process.env.WARDKEEP_TEST_REPORT, JSON.stringify({ ...counts, failed }))
  }
}

/** Of a property with its seed and what it failed on, which the next run has drawn otherwise. */
function named(what, error) {
  const [first = "", ...rest] = String(error?.message ?? "").split("\n")
  const drawn = rest.filter((line) => /^(\{ seed: |Counterexample: )/.test(line))
  const said = [first.slice(0, 200), ...drawn.map((line) => line.slice(0, 600))].join(" ")
  return first === "" ? what : `${what}: ${said}`
}

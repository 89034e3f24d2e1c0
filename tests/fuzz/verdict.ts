import type { FuzzReport } from "./engine.ts"

/** What a killed server looks like; 08P01 is the pooler's word for one. */
const lost: readonly string[] = ["WK109", "57P01", "08P01"]

/** What else the operations provoke: bad queries, forged contexts, aborts. */
const provoked: readonly string[] = ["22012", "22P02", "42P01", "WK102", "WK105", "WK107", "WK108", "WK111"]
const planned: ReadonlySet<string> = new Set(["done", ...lost, ...provoked])

/** What counts as an answer where it is not a result. */
const answers: Readonly<Record<string, readonly string[]>> = {
  error: ["22012", "22P02", "42P01", "WK108"],
  abort: ["done", "WK111"],
  forge: ["done", "WK102", "WK105", "WK107", "WK108"],
}

/** Of the operations of one kind whose server was not killed, the share that must be answered. */
const least = 0.95
/** So few of one kind say nothing about its share. */
const enough = 20
/** Operations that may lose their server although none was killed under them: it went while they connected. */
const strays = 5

/**
 * Everything that speaks against the client in a report; empty when it passed. A client that refuses everything does not.
 * `perKill`: how many operations one killed server may take with it.
 */
export function faults(report: FuzzReport, perKill = 2): string[] {
  const found = [...report.wrong, ...report.hung.map((each) => `hung: ${each}`)]
  let gone = 0
  for (const [operation, outcomes] of report.outcomes) {
    const tried = count(outcomes, [...outcomes.keys()])
    const answered = count(outcomes, answers[operation] ?? ["done"])
    const killed = count(outcomes, lost)
    gone += killed
    if (tried >= enough && (answered === 0 || answered < (tried - killed) * least))
      found.push(`${operation}: ${answered} of ${tried} answered (${[...outcomes.keys()].join(", ")})`)
    for (const outcome of outcomes.keys()) if (!planned.has(outcome)) found.push(`${operation}: ${outcome}`)
    // Nobody but `abort` gives a time or a signal.
    const late = operation === "abort" ? 0 : count(outcomes, ["WK111"])
    if (late > 0) found.push(`${operation}: WK111 × ${late}, which nobody asked for`)
  }
  const kills = report.outcomes.get("kill")?.get("done") ?? 0
  if (gone > kills * perKill + strays)
    found.push(`${gone} operations lost their server, and ${kills} servers were killed`)
  for (const operation of ["pointOwn", "pointAny", "list", "updateAny"])
    if (!report.outcomes.has(operation)) found.push(`${operation}: never tried`)
  return found
}

function count(outcomes: ReadonlyMap<string, number>, which: readonly string[]): number {
  return which.reduce((sum, outcome) => sum + (outcomes.get(outcome) ?? 0), 0)
}

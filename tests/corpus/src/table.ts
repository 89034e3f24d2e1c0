import type { Judged } from "./judge.ts"
import type { Score } from "./score.ts"

/** One line per system while it runs. */
export function lineOf({
  system,
  demands,
  detected,
  rightObject,
  invented,
  failure,
  verdict,
  seconds,
}: Judged): string {
  const outcome =
    failure !== undefined
      ? "NO REPORT"
      : demands === "nothing"
        ? (verdict ?? "").toLowerCase()
        : rightObject
          ? "found"
          : detected
            ? "WRONG OBJECT"
            : "MISSED"
  const alarms = invented.map(({ check, severity, object }) => `${check} ${severity} ${object}`)
  const tail = alarms.length > 0 ? `  INVENTED ${alarms.join(", ")}` : ""
  return `${system.kind.padEnd(6)} ${system.slug.padEnd(42)} ${outcome.padEnd(12)} ${seconds.toFixed(1).padStart(6)} s${tail}`
}

export function tableOf(score: Score): string {
  const { faulty, oracles, clean } = score
  const classes = Object.entries(score.classes).map(
    ([name, { n, detected, rightObject }]) => `| ${name} | ${n} | ${detected} | ${rightObject} |`,
  )
  return [
    "| class of fault | systems | detected | right object |",
    "|---|---:|---:|---:|",
    ...classes,
    "",
    `leaks: ${faulty.detected} of ${faulty.n} detected, ${faulty.rightObject} with the right object`,
    `oracles: ${oracles.detected} of ${oracles.n} detected, ${oracles.rightObject} with the right object`,
    `clean systems: ${clean.falseAlarms} of ${clean.n} with a false alarm; invented in faulty systems: ${score.inventedInFaulty}`,
    `clean systems called clean: ${clean.notFound}; undecided: ${clean.inconclusive.join(", ") || "none"}`,
    `replays of leaks and oracles that show it when run by hand: ${score.replays.shown} of ${score.replays.n}`,
    `databases that were not as before: ${score.changed.join(", ") || "none"}`,
    `PostgreSQL ${score.server}, ${score.systems} systems in ${score.seconds} s, slowest ${score.slowest.system} ${score.slowest.seconds} s`,
  ].join("\n")
}

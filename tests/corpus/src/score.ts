import type { Judged } from "./judge.ts"

interface Detection {
  readonly n: number
  readonly detected: number
  readonly rightObject: number
}

export interface Score {
  readonly systems: number
  readonly faulty: Detection
  readonly oracles: Detection
  readonly clean: {
    readonly n: number
    readonly falseAlarms: number
    readonly notFound: number
    /** Those in which something could not be decided, so that the report does not call them clean. */
    readonly inconclusive: readonly string[]
  }
  /** Leaks and oracles named in faulty systems beside the planted one, and neither planted nor true. */
  readonly inventedInFaulty: number
  /** Systems whose rows, objects, privileges or settings were different after the run. */
  readonly changed: readonly string[]
  /** Of leaks and oracles: how many show it when they are run by hand, and which do not. */
  readonly replays: {
    readonly n: number
    readonly shown: number
    readonly silent: readonly { readonly system: string; readonly why: string }[]
  }
  readonly classes: Readonly<Record<string, Detection>>
  readonly seconds: number
  readonly slowest: { readonly system: string; readonly seconds: number }
  readonly server: string
  readonly misses: readonly Miss[]
  readonly alarms: readonly {
    readonly system: string
    readonly check: string
    readonly object: string
    readonly severity: string
  }[]
}

interface Miss {
  readonly system: string
  readonly class: string
  readonly what: string
  readonly why: string
}

export function score(judged: readonly Judged[], server: string, seconds: number): Score {
  const demanding = (demands: Judged["demands"]) => judged.filter((one) => one.demands === demands)
  const clean = demanding("nothing")
  const faulty = judged.filter((one) => one.demands !== "nothing")
  const classes = [...new Set(faulty.map(({ system }) => system.class))].sort()
  const slowest = judged.toSorted((a, b) => b.seconds - a.seconds)[0]
  return {
    systems: judged.length,
    faulty: detection(demanding("leak")),
    oracles: detection(demanding("oracle")),
    clean: {
      n: clean.length,
      falseAlarms: clean.filter(({ invented }) => invented.length > 0).length,
      notFound: clean.filter(({ verdict }) => verdict === "NOT_FOUND").length,
      inconclusive: clean.filter(({ verdict }) => verdict === "INCONCLUSIVE").map(({ system }) => system.slug),
    },
    inventedInFaulty: faulty.filter(({ invented }) => invented.length > 0).length,
    changed: judged.filter(({ leftBehind }) => leftBehind).map(({ system }) => `${system.kind}/${system.slug}`),
    replays: replaysOf(judged),
    classes: Object.fromEntries(
      classes.map((name) => [name, detection(faulty.filter(({ system }) => system.class === name))]),
    ),
    seconds: rounded(seconds),
    slowest: { system: slowest?.system.slug ?? "", seconds: rounded(slowest?.seconds ?? 0) },
    server,
    misses: judged.flatMap(missOf),
    alarms: judged.flatMap(({ system, invented }) =>
      invented.map(({ check, object, severity }) => ({
        system: `${system.kind}/${system.slug}`,
        check,
        object,
        severity,
      })),
    ),
  }
}

/** All found with the right object and shown by its replay, nothing invented or left behind, a report of every system. */
export function isPerfect({ misses, alarms, changed, replays }: Score): boolean {
  return misses.length === 0 && alarms.length === 0 && changed.length === 0 && replays.silent.length === 0
}

function replaysOf(judged: readonly Judged[]): Score["replays"] {
  const silent = judged.flatMap(({ system, repeated }) =>
    repeated.silent.map((why) => ({ system: `${system.kind}/${system.slug}`, why })),
  )
  const shown = judged.reduce((sum, { repeated }) => sum + repeated.shown, 0)
  return { n: shown + silent.length, shown, silent }
}

const rounded = (seconds: number): number => Math.round(seconds * 10) / 10

function detection(judged: readonly Judged[]): Detection {
  return {
    n: judged.length,
    detected: judged.filter(({ detected }) => detected).length,
    rightObject: judged.filter(({ rightObject }) => rightObject).length,
  }
}

function missOf({ system, rightObject, demands, failure, findings }: Judged): Miss[] {
  if (failure === undefined && (rightObject || demands === "nothing")) return []
  const found = [...new Set(findings.map(({ check, severity, object }) => `${check} ${severity} ${object}`))]
  const wanted = system.expect.map(({ severity, objects }) => `${[severity].flat().join("|")} ${objects.join(" or ")}`)
  const why = failure ?? `wanted ${wanted.join(", ")}; found ${found.slice(0, 6).join(", ") || "nothing"}`
  return [{ system: `${system.kind}/${system.slug}`, class: system.class, what: system.what, why }]
}

/** Weights of CVSS 3.1, specification section 7.4. `PR` depends on scope and stands apart. */
const weights: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  UI: { N: 0.85, R: 0.62 },
  C: { H: 0.56, L: 0.22, N: 0 },
  I: { H: 0.56, L: 0.22, N: 0 },
  A: { H: 0.56, L: 0.22, N: 0 },
}
const privileges: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  U: { N: 0.85, L: 0.62, H: 0.27 },
  C: { N: 0.85, L: 0.68, H: 0.5 },
}
const metrics = ["AV", "AC", "PR", "UI", "S", "C", "I", "A"]

export type Rating = "none" | "low" | "medium" | "high" | "critical"

export interface CvssScore {
  /** 0.0 to 10.0, one decimal. */
  readonly score: number
  readonly rating: Rating
}

/**
 * The base score of a CVSS 3.1 vector, or undefined for anything that is not exactly the eight base metrics: a report
 * never shows a number that its vector does not give. https://www.first.org/cvss/v3-1/specification-document
 *
 * @example cvssScore("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N") // { score: 6.5, rating: "medium" }
 */
export function cvssScore(vector: string): CvssScore | undefined {
  const [prefix, ...parts] = vector.split("/")
  const values = new Map(parts.map((part) => [part.slice(0, part.indexOf(":")), part.slice(part.indexOf(":") + 1)]))
  if (prefix !== "CVSS:3.1" || parts.length !== metrics.length || values.size !== metrics.length) return undefined
  const weight = (metric: string): number => weights[metric]?.[values.get(metric) ?? ""] ?? Number.NaN
  const scope = values.get("S") ?? ""
  const privilege = privileges[scope]?.[values.get("PR") ?? ""] ?? Number.NaN
  const exposed = 1 - (1 - weight("C")) * (1 - weight("I")) * (1 - weight("A"))
  const changed = scope === "C"
  const impact = changed ? 7.52 * (exposed - 0.029) - 3.25 * (exposed - 0.02) ** 15 : 6.42 * exposed
  const sum = impact + 8.22 * weight("AV") * weight("AC") * privilege * weight("UI")
  if (Number.isNaN(sum)) return undefined
  const score = exposed <= 0 ? 0 : roundUp(Math.min(changed ? 1.08 * sum : sum, 10))
  return { score, rating: ratingOf(score) }
}

/** Appendix A of the specification: in integers, so that 4.02 never becomes 4.1 by a floating-point remainder. */
function roundUp(value: number): number {
  const scaled = Math.round(value * 100_000)
  return scaled % 10_000 === 0 ? scaled / 100_000 : (Math.floor(scaled / 10_000) + 1) / 10
}

function ratingOf(score: number): Rating {
  if (score === 0) return "none"
  if (score < 4) return "low"
  if (score < 7) return "medium"
  return score < 9 ? "high" : "critical"
}

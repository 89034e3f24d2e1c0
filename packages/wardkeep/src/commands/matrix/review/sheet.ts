import { WardkeepError } from "@wardkeep/core"
import { readCsv, writeCsv } from "@wardkeep/permissions"
import type { Review, ReviewedAssignment } from "./review.js"

/** What whoever reviews may decide about one assignment; deciding takes nothing away. */
export const decisions = ["keep", "revoke"] as const

export interface Decision {
  /** Id of the assignment. */
  readonly assignment: string
  readonly decision: (typeof decisions)[number]
  readonly note: string
}

const head = [
  ...["assignment", "clinic", "actor", "role", "scope", "from", "until", "granted by", "granted as", "granted at"],
  ...["reason", "last session", "use", "notes"],
]
const ask = ["decision", "note"]
const useWords = { true: "unused", false: "used", null: "too new to say" } as const

/** The assignments of a review, with two empty columns for whoever decides about them. */
export function sheetOf({ assignments }: Review): string {
  return writeCsv([[...head, ...ask], ...assignments.map((one) => [...cellsOf(one), ...ask.map(() => "")])])
}

/**
 * Reads the decisions from a sheet of {@link sheetOf}. The lines may be in another order; every assignment must be there, as it
 * was reviewed, and decided.
 *
 * @throws WK009 with one line per fault: line of the sheet and what is wrong · WK001 it is not CSV
 * @example decisionsOf(review, await readFile("review.csv", "utf8"))
 */
export function decisionsOf(review: Review, csv: string): Decision[] {
  const [first, ...lines] = readCsv(csv)
  if (first?.fields.join() !== [...head, ...ask].join())
    throw refused(["the first line is not the one of `wardkeep matrix review --csv`"])
  const faults: string[] = []
  const left = new Map(review.assignments.map((one) => [one.id, cellsOf(one)]))
  const found = new Map<string, Decision>()
  for (const { number, fields } of lines) {
    const [assignment = ""] = fields
    const expected = left.get(assignment)
    const [decision = "", note = ""] = fields.slice(head.length)
    const changed = expected?.findIndex((text, index) => text !== fields[index]) ?? -1
    const known = decisions.find((one) => one === decision.trim().toLowerCase())
    if (expected === undefined)
      faults.push(`line ${number}: no assignment of this review, or one that stands there twice`)
    else if (fields.length !== head.length + ask.length) faults.push(`line ${number}: ${fields.length} cells`)
    else if (changed >= 0) faults.push(`line ${number}: "${head[changed]}" is not what was reviewed`)
    else if (known === undefined) faults.push(`line ${number}: the decision is ${decisions.join(" or ")}`)
    else found.set(assignment, { assignment, decision: known, note })
    left.delete(assignment)
  }
  if (left.size > 0) faults.push(`${left.size} of the reviewed assignments are missing`)
  if (faults.length > 0) throw refused(faults)
  return review.assignments.flatMap(({ id }) => found.get(id) ?? [])
}

function cellsOf(one: ReviewedAssignment): string[] {
  return [
    ...[one.id, one.tenant, one.actor, one.role, one.scope, one.validFrom, one.validUntil ?? "", one.grantedBy],
    ...[one.grantedAs, one.grantedAt, one.reason, one.lastSession ?? "", useWords[`${one.unused}`]],
    one.notes.join("; "),
  ]
}

function refused(faults: readonly string[]): WardkeepError {
  return new WardkeepError("WK009", {
    message: `the sheet does not decide about this review:\n${faults.join("\n")}`,
    hint: "Fill in the columns decision and note of the sheet that was written with the review, and nothing else; nothing was signed.",
  })
}

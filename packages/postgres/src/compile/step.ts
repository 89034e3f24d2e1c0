import { createHash } from "node:crypto"
import { quoteIdent, quoteLiteral, splitName } from "@wardkeep/core"
import { spoken } from "./names.js"

/** One change, in the order it is applied. */
export interface Step {
  /** `narrow` runs before `widen`. */
  readonly phase: "structure" | "narrow" | "support" | "widen" | "record"
  readonly object: string
  readonly why: string
  readonly sql: string
  /** A query that lists the rows which can be in the way, for the error of a step that meets them. */
  readonly rows?: string
  /** Of a REVOKE: a condition that is true where it took nothing, which only warns. */
  readonly left?: string
}

/** An object that is recognised by its comment, so that a second run changes nothing and drift is seen. */
export interface Managed {
  /** As the catalog reports it: `policy public.patient wk_fence`. */
  readonly id: string
  readonly phase: Step["phase"]
  readonly why: string
  readonly create: string
  readonly drop: string
  /** What follows `comment on`. */
  readonly commentOn: string
  /** The table, `schema.table`, that takes it along when it is dropped. */
  readonly on?: string
}

export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32)
}

/** The steps that bring the managed objects from what is there to what should be; `mark` says whose they are. */
export function managedSteps(
  desired: readonly Managed[],
  present: ReadonlyMap<string, string>,
  mark = "wardkeep",
): Step[] {
  const steps: Step[] = []
  const wanted = new Set(desired.map((object) => object.id))
  const remade = desired
    .filter((object) => isTable(object.id) && isRemade(object, present))
    .map(({ id }) => id.slice(6))
  for (const object of desired) {
    const hash = hashOf(object.create)
    // The catalog still shows now what a table that is made again takes along.
    const lost = object.on !== undefined && remade.includes(object.on)
    const found = lost ? undefined : present.get(object.id)
    if (found === hash) continue
    const comment = `comment on ${object.commentOn} is ${quoteLiteral(`${mark}:${hash}`)}`
    const made = `${object.create};\n${comment}`
    if (found !== undefined && object.phase === "widen") {
      // What replaces it may allow less, and grants are widened in between.
      steps.push({ phase: "narrow", object: object.id, why: "made again after narrowing", sql: object.drop })
      steps.push({ phase: "widen", object: object.id, why: object.why, sql: made })
      continue
    }
    const drop = found === undefined ? "" : `${object.drop};\n`
    steps.push({ phase: object.phase, object: object.id, why: object.why, sql: `${drop}${made}` })
  }
  const gone = [...present.keys()].filter((id) => !wanted.has(id))
  for (const id of gone.sort((a, b) => dropOrder(a) - dropOrder(b)))
    steps.push({ phase: "narrow", object: id, why: "no longer in the policy file", sql: dropById(id) })
  return steps
}

/** Each after what needs it, so that nothing is dropped by CASCADE: that would take what the host made on top of it. */
function dropOrder(id: string): number {
  return ["policy", "trigger", "view", "statistics", "table", "function", "schema"].indexOf(id.split(" ")[0] ?? "")
}

function isTable(id: string): boolean {
  return id.startsWith("table ")
}

/** It is there, and not as it should be. */
export function isRemade(object: Managed, present: ReadonlyMap<string, string>): boolean {
  const found = present.get(object.id)
  return found !== undefined && found !== hashOf(object.create)
}

function dropById(id: string): string {
  const [kind = "", object = "", name = ""] = id.split(" ")
  const { schema, name: relation } = splitName(object, "")
  const target = schema === "" ? quoteIdent(relation) : qualified(object)
  if (kind === "policy" || kind === "trigger") return `drop ${kind} if exists ${quoteIdent(name)} on ${target}`
  return `drop ${kind} if exists ${target}`
}

/** `"schema"."table"` */
export function qualified(name: string): string {
  const parts = splitName(name, "public")
  return `${quoteIdent(spoken(parts.schema))}.${quoteIdent(spoken(parts.name))}`
}

export function list(columns: readonly string[]): string {
  return columns.map(quoteIdent).join(", ")
}

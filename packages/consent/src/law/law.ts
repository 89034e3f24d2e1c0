import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { WardkeepError } from "@wardkeep/core"
import { z } from "zod"
import { citationFaults } from "./citations.js"
import {
  about,
  type ForbiddenCitation,
  forbiddenCitation,
  instruments,
  type Obligation,
  obligation,
  type RetentionRule,
  retentionRule,
} from "./schema.js"

/** The law as data: what was read, and on which day. */
export interface Law {
  readonly jurisdiction: string
  /** `YYYY-MM-DD`. What changed later is not in it. */
  readonly readOn: string
  readonly say: string
  /** Full titles by short name. */
  readonly instruments: Readonly<Record<string, string>>
  readonly obligations: readonly Obligation[]
  readonly retention: readonly RetentionRule[]
  readonly forbidden: readonly ForbiddenCitation[]
}

/**
 * Reads a folder of rules: `about.json`, `instruments.json`, `forbidden-citations.json`, and one file for each rule below
 * `obligations` and `retention`. The default is the folder that this package ships.
 *
 * @throws WK501 a file that is missing, not JSON or not a rule, a rule in a file of another name, an instrument without a title, a forbidden citation
 * @example loadLaw().obligations.length
 */
export function loadLaw(folder: string = shippedRules()): Law {
  const faults: string[] = []
  const one = <T>(name: string, schema: z.ZodType<T>): T | undefined => {
    const read = parse(join(folder, name), schema)
    if ("fault" in read) faults.push(`${name}: ${read.fault}`)
    return "value" in read ? read.value : undefined
  }
  const all = <T extends { id: string }>(name: string, schema: z.ZodType<T>): T[] =>
    filesIn(join(folder, name)).flatMap((file) => {
      const rule = one(join(name, file), schema)
      if (rule !== undefined && `${rule.id}.json` !== file) faults.push(`${name}/${file}: the rule in it is ${rule.id}`)
      return rule ?? []
    })
  const head = one("about.json", about)
  const titles = one("instruments.json", instruments)
  const forbidden = one("forbidden-citations.json", z.array(forbiddenCitation))
  const obligations = all("obligations", obligation)
  const retention = all("retention", retentionRule)
  for (const rule of [...obligations, ...retention])
    if (titles !== undefined && titles[rule.instrument] === undefined)
      faults.push(`${rule.id}: instruments.json has no ${rule.instrument}`)
  faults.push(...citationFaults([...obligations, ...retention], forbidden ?? []))
  if (obligations.length === 0) faults.push("obligations: no rule")
  if (faults.length > 0 || head === undefined || titles === undefined || forbidden === undefined)
    throw new WardkeepError("WK501", { message: `The law data is not valid:\n${faults.join("\n")}` })
  return { ...head, instruments: titles, obligations, retention, forbidden }
}

function parse<T>(path: string, schema: z.ZodType<T>): { value: T } | { fault: string } {
  let document: unknown
  try {
    document = JSON.parse(readFileSync(path, "utf8"))
  } catch (error) {
    return { fault: error instanceof SyntaxError ? "not JSON" : "cannot be read" }
  }
  const { success, data, error } = schema.safeParse(document)
  if (success) return { value: data }
  return { fault: error.issues.map(({ path: at, message }) => `${at.join(".")} ${message}`.trim()).join("; ") }
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
}

function shippedRules(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (let depth = 0; depth < 4; depth++) {
    const candidate = join(folder, "rules")
    if (existsSync(join(candidate, "about.json"))) return candidate
    folder = dirname(folder)
  }
  throw new WardkeepError("WK901", {
    message: "the rules of this package were not found",
    hint: "Do not bundle this package: it reads the rules directory beside it.",
  })
}

import { type CellInput, type RoleInput, WardkeepError } from "@wardkeep/core"
import { type Preset, type PurposeArea, presets, solo } from "./areas.js"
import type { Area, ClinicTables } from "./tables.js"

export type PresetName = keyof typeof presets | "solo_practitioner" | "locum"

export const presetNames: readonly PresetName[] = [
  "solo_practitioner",
  "reception",
  "billing",
  "doctor",
  "nurse",
  "pharmacist",
  "lab",
  "locum",
  "branch_admin",
  "owner",
  "auditor",
  "privacy_officer",
  "vendor_support",
  "patient",
  "guardian",
]

export interface PresetOptions<Table extends string, Purpose extends string, Name extends PresetName> {
  readonly roles: readonly Name[]
  readonly tables: ClinicTables<Table>
  /** The purposes of the policy file that stand for the presets' three. */
  readonly purposes: { readonly [P in PurposeArea]: Purpose }
}

export type PresetRoles<Table extends string, Purpose extends string, Name extends string> = {
  readonly [N in Name]: RoleInput<Table, Purpose, Name, never>
}

/**
 * Roles that clinics have, for the tables of yours: a start to be read and narrowed, not a law. Nobody who administers
 * reads clinical data. `patient` and `guardian` are confined: each is assigned with a `subject`, a guardian once per ward and
 * until a day, and every table they read needs a `subject` column.
 *
 * @throws WK001 an unknown name, or a locum without a doctor
 * @example
 * const roles = presetRoles({
 *   roles: ["reception", "doctor", "locum", "patient"],
 *   tables: { identity: ["patient"], appointments: ["appointment"], clinical: ["clinical_note"] },
 *   purposes: { care: "care", billing: "billing", operations: "operations" },
 * })
 */
export function presetRoles<const Table extends string, const Purpose extends string, const Name extends PresetName>(
  options: PresetOptions<Table, Purpose, Name>,
): PresetRoles<Table, Purpose, Name> {
  const wanted: readonly PresetName[] = options.roles
  const fail = (message: string): never => {
    throw new WardkeepError("WK001", { message })
  }
  for (const name of wanted) if (!presetNames.includes(name)) fail(`there is no preset ${name}`)
  if (wanted.includes("locum") && !wanted.includes("doctor")) fail("a locum extends the doctor; name the doctor too")
  const roles = Object.fromEntries(wanted.map((name) => [name, roleOf(name, options)]))
  return roles as PresetRoles<Table, Purpose, Name>
}

type AnyRole = RoleInput<string, string, string>

function roleOf(name: PresetName, options: PresetOptions<string, string, PresetName>): AnyRole {
  if (name === "locum") return { extends: "doctor", mustExpire: true }
  const preset: Preset = name === "solo_practitioner" ? solo : presets[name]
  const can: Record<string, CellInput> = {}
  for (const [area, tables] of Object.entries(options.tables) as [Area, readonly string[]][]) {
    const cell = preset.areas[area]
    if (cell !== undefined) for (const table of tables) can[table] = cell
  }
  return {
    purposes: [...new Set(preset.purposes.map((purpose) => options.purposes[purpose]))],
    ...(preset.mfa !== undefined && { mfa: preset.mfa }),
    ...(preset.mustExpire !== undefined && { mustExpire: true }),
    ...(preset.confined !== undefined && { confined: true }),
    can,
  }
}

import { type CellInput, type ConditionInput, type RoleInput, WardkeepError } from "@wardkeep/core"
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

/** The table that says who may act for whom; a guardian needs it, and must be able to read it. */
export interface GuardianTable<Table extends string = string> {
  readonly table: Table
  readonly actor: string
  readonly subject: string
  readonly from?: string
  readonly until?: string
}

export interface PresetOptions<Table extends string, Purpose extends string, Name extends PresetName> {
  readonly roles: readonly Name[]
  readonly tables: ClinicTables<Table>
  /** The purposes of the policy file that stand for the presets' three. */
  readonly purposes: { readonly [P in PurposeArea]: Purpose }
  /** Needed for `guardian`. */
  readonly guardians?: GuardianTable<Table>
}

export type PresetCondition = "own-record" | "ward-record" | "own-guardianship"

export interface PresetRoles<Table extends string, Purpose extends string, Name extends string> {
  readonly conditions: Readonly<Record<PresetCondition, ConditionInput<Table>>>
  readonly roles: { readonly [N in Name]: RoleInput<Table, Purpose, Name, PresetCondition> }
}

/**
 * Roles that clinics have, for the tables of yours: a start to be read and narrowed, not a law. Nobody who administers
 * reads clinical data. Spread the result into `definePolicy`; tables that patients and guardians see need a `subject`.
 *
 * @throws WK001 an unknown name, a locum without a doctor, or a guardian without the table of guardians
 * @example
 * const { roles, conditions } = presetRoles({
 *   roles: ["reception", "doctor", "locum"],
 *   tables: { identity: ["patient"], appointments: ["appointment"], clinical: ["clinical_note"] },
 *   purposes: { care: "care", billing: "billing", operations: "operations" },
 * })
 */
export function presetRoles<const Table extends string, const Purpose extends string, const Name extends PresetName>(
  options: PresetOptions<Table, Purpose, Name>,
): PresetRoles<Table, Purpose, Name> {
  const { roles: names, guardians } = options
  const fail = (message: string): never => {
    throw new WardkeepError("WK001", { message })
  }
  const wanted: readonly PresetName[] = names
  for (const name of wanted) if (!presetNames.includes(name)) fail(`there is no preset ${name}`)
  if (wanted.includes("locum") && !wanted.includes("doctor")) fail("a locum extends the doctor; name the doctor too")
  if (wanted.includes("guardian") && guardians === undefined) fail("a guardian needs the table of guardians")
  const roles = Object.fromEntries(wanted.map((name) => [name, roleOf(name, options)]))
  const own: ConditionInput<Table> = { ownSubject: true }
  const ward: ConditionInput<Table> = guardians === undefined ? own : { assigned: guardians }
  return {
    conditions: {
      "own-record": own,
      "ward-record": ward,
      "own-guardianship": guardians === undefined ? own : { own: guardians.actor },
    },
    roles: roles as PresetRoles<Table, Purpose, Name>["roles"],
  }
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
  // The condition's sub-select runs with the guardian's own rights, which show no other guardian.
  if (name === "guardian" && options.guardians !== undefined)
    can[options.guardians.table] = guardianCell(options.guardians)
  return {
    purposes: [...new Set(preset.purposes.map((purpose) => options.purposes[purpose]))],
    ...(preset.mfa !== undefined && { mfa: preset.mfa }),
    ...(preset.mustExpire !== undefined && { mustExpire: true }),
    can,
  }
}

function guardianCell({ actor, subject, from, until }: GuardianTable): CellInput {
  const columns = [actor, subject, from, until].filter((column) => column !== undefined)
  return { read: { columns, when: "own-guardianship" } }
}

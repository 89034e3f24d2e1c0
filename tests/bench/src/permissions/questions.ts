import { type Action, type Policy, parsePolicy } from "@wardkeep/core"

/** A clinic of ordinary size: 8 roles, 30 tables, 6 actions. */
export const roles = ["reception", "billing", "doctor", "nurse", "pharmacist", "lab", "branch_admin", "auditor"]
export const tables = Array.from({ length: 30 }, (_, index) => `table_${String(index + 1).padStart(2, "0")}`)
export const actions = ["create", "read", "update", "delete", "print", "export"] as const satisfies readonly Action[]

export interface Asked {
  readonly role: string
  readonly table: string
  readonly action: (typeof actions)[number]
}

/** Every question once, in a fixed order that no engine can profit from. */
export function questions(): Asked[] {
  const all = roles.flatMap((role) => tables.flatMap((table) => actions.map((action) => ({ role, table, action }))))
  const random = generator(7)
  for (let i = all.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1))
    ;[all[i], all[other]] = [all[other] as Asked, all[i] as Asked]
  }
  return all
}

/** Two cells in five are given; what is printed or exported is readable, as the policy file demands. */
export function grants(): Map<string, Map<string, Set<Asked["action"]>>> {
  const random = generator(11)
  const given = new Map<string, Map<string, Set<Asked["action"]>>>()
  for (const role of roles) {
    const cells = new Map<string, Set<Asked["action"]>>()
    for (const table of tables) {
      const cell = new Set(actions.filter(() => random() < 0.4))
      if (cell.has("print") || cell.has("export")) cell.add("read")
      cells.set(table, cell)
    }
    given.set(role, cells)
  }
  return given
}

export function policyOf(given: ReturnType<typeof grants>): Policy {
  return parsePolicy({
    tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
    tables: Object.fromEntries(tables.map((table) => [table, { scope: "branch" }])),
    purposes: { care: { basis: "bench" } },
    roles: Object.fromEntries(
      [...given].map(([role, cells]) => {
        const can = [...cells].map(([table, cell]) => [table, Object.fromEntries([...cell].map((one) => [one, true]))])
        return [role, { purposes: ["care"], can: Object.fromEntries(can) }]
      }),
    ),
  })
}

/** A small generator with a seed, so that two runs ask the same. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

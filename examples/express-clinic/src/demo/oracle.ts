import type { Branch } from "../data/clinics.js"
import type { World } from "../data/world.js"

/** Searches whatever came back for anything that belongs to a branch the asker has no part in. */
export interface Oracle {
  /** The first foreign thing in a text, or undefined. `given` are identifiers the attacker typed himself. */
  find(text: string, home: readonly Branch[], given?: readonly string[]): string | undefined
}

const patterns: Readonly<Record<string, RegExp>> = {
  id: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g,
  phone: /\+91\d{10}/g,
  "ABHA number": /\b99\d{12}\b/g,
}

/**
 * Three nets: the canary of each branch, which stands in its chart numbers, notes and memos; every id of every row; and
 * every phone and ABHA number. A canary counts even when the attacker typed an id: nobody can guess a canary.
 */
export function makeOracle(world: World): Oracle {
  const branches = world.clinics.flatMap((clinic) => clinic.branches)
  const owners = new Map<string, string>()
  for (const row of [...world.patients, ...Object.values(world.care).flat()]) {
    owners.set(String(row.id), String(row.branch_id))
  }
  for (const { phone, abha, branch_id } of world.patients) {
    owners.set(phone, branch_id)
    if (abha !== null) owners.set(abha, branch_id)
  }
  return {
    find(text, home, given = []) {
      const own = new Set(home.map((branch) => branch.id))
      const canary = branches.find((branch) => !own.has(branch.id) && text.includes(branch.canary))
      if (canary !== undefined) return `the canary of ${canary.name}`
      for (const [what, pattern] of Object.entries(patterns)) {
        for (const [value] of text.matchAll(pattern)) {
          const owner = owners.get(value)
          if (owner !== undefined && !own.has(owner) && !given.includes(value)) return `a foreign ${what}`
        }
      }
      return undefined
    },
  }
}

import type { Finding, Policy } from "@wardkeep/core"

/**
 * Cells that are tied to a condition, a purpose or a second factor of their own. They are not compiled yet, so the role may
 * not do it at all: too little rather than too much, and said each time.
 */
export function tiedCells(policy: Policy): Finding[] {
  return policy.actors.flatMap((actor) =>
    [...actor.can].flatMap(([table, { rules }]) =>
      Object.entries(rules)
        .filter(
          ([, rule]) => rule.when !== null || rule.after !== null || rule.purposes !== null || rule.mfaSeconds !== null,
        )
        .map(
          ([action]): Finding => ({
            check: "tied-cell-denied",
            severity: "not-covered",
            object: `${table} ${actor.name} ${action}`,
            message: `${actor.name} may not ${action} here: cells with when, purposes or mfa are not compiled to policies yet`,
            fix: "Grant the cell without them, or decide in the application, with @wardkeep/permissions, until they are.",
          }),
        ),
    ),
  )
}

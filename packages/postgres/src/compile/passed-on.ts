import { levelOf, statements } from "./grant-statements.js"
import type { Grant, Held } from "./grants.js"
import { leftOnRelation, type Taken } from "./left-over.js"
import { qualified, type Step } from "./step.js"

/** A REVOKE by the owner takes only what the owner gave. */
export function chainSteps(
  relation: string,
  present: readonly Held[],
  removed: readonly Held[],
  passing: readonly Held[],
): Step[] {
  const { options, columns } = passedOn(removed, present)
  const taken = new Set([...removed, ...passing].filter((g) => g.grantor === null).map(levelOf))
  const kept = new Set(present.filter((g) => g.grantor === null && !removed.includes(g)).map(levelOf))
  const target = qualified(relation)
  const through = (some: readonly Grant[], taken: Taken): Step[] =>
    statements(relation, some, (what, role, grants) => ({
      phase: "narrow",
      why: "columns that this role passed on, by its option on the whole table, end",
      // The columns have a list of their own, and a REVOKE cascades in the list where the option stands.
      sql: `grant ${what} on ${target} to ${role} with grant option;\nrevoke ${taken === "option" ? "grant option for " : ""}${what} on ${target} from ${role} cascade`,
      left: leftOnRelation(relation, grants, taken),
    }))
  return [
    ...statements(
      relation,
      options.filter((option) => !taken.has(levelOf(option))),
      (what, role, grants) => ({
        phase: "narrow",
        why: `what this role passed on to others ends; its own ${what} stays`,
        sql: `revoke grant option for ${what} on ${target} from ${role} cascade`,
        left: leftOnRelation(relation, grants, "option"),
      }),
    ),
    ...through(
      columns.filter((column) => kept.has(levelOf(column))),
      "option",
    ),
    ...through(
      columns.filter((column) => !kept.has(levelOf(column))),
      "privilege",
    ),
  ]
}

/** Whose options have to end: those that come from the owner, and on columns those that somebody has by the whole table. */
function passedOn(removed: readonly Held[], present: readonly Held[]): { options: Grant[]; columns: Grant[] } {
  const [options, columns] = [new Map<string, Grant>(), new Map<string, Grant>()]
  const seen = new Set<string>()
  const follow = ({ grantor, privilege, column }: Held): void => {
    if (grantor === null) return
    const at = (level: string | null): Grant => ({ grantee: grantor, privilege, column: level })
    const here = levelOf(at(column))
    if (seen.has(here)) return
    seen.add(here)
    const by = present.filter((g) => g.grantable && [here, levelOf(at(null))].includes(levelOf(g)))
    if (column !== null && !by.some((g) => g.grantor === null && g.column === column)) columns.set(here, at(column))
    for (const held of by)
      if (held.grantor === null) options.set(levelOf(held), at(held.column))
      else follow(held)
  }
  for (const grant of removed) follow(grant)
  return { options: [...options.values()], columns: [...columns.values()] }
}

/** CASCADE takes from those who shall keep it too. */
export function keptSteps(relation: string, kept: readonly Held[], isCut: boolean): Step[] {
  return statements(
    relation,
    kept.filter((grant) => isCut && grant.grantor !== null),
    (what, role) => ({
      phase: "narrow",
      why: "keeps what it had from a role that may no longer give it",
      sql: `grant ${what} on ${qualified(relation)} to ${role}`,
    }),
  )
}

import { type Action, type Actor, actions, type Policy, type TableRule } from "@wardkeep/core"
import { shownRole } from "../cells/attempts.js"

/** One thing that crosses, in words for the people of a clinic. */
export interface Crossing {
  readonly what: string
  /** Who, and for what. */
  readonly who: string
  readonly limits: string
}

export interface Section {
  readonly title: string
  readonly explained: string
  readonly crossings: readonly Crossing[]
}

/** What the policy file itself lets cross. */
export function declaredSections(policy: Policy): Section[] {
  return [
    {
      title: "Tables that every clinic shares",
      explained: "Reference data: it belongs to no clinic. Whoever may write it writes it for everybody.",
      crossings: tablesWhere(policy, (table) => policy.tables.get(table)?.scope === "global", "the whole installation"),
    },
    {
      title: "Tables that all branches of a clinic share",
      explained:
        "Declared with the scope of the clinic: each branch sees the rows of every branch, and of no other clinic.",
      crossings: tablesWhere(policy, (table) => rootScope(policy, table) === "tenant", "one clinic"),
    },
    {
      title: "Identities that several branches share",
      explained: "A row is seen in each branch to which a row of the link table joins it, and in no other clinic.",
      crossings: shared(policy),
    },
    {
      title: "Look-ups before anybody has signed in",
      explained: "One row by one exact value, across every clinic; only the columns named here. Each is recorded.",
      crossings: policy.lookups.map(({ name, table, by, returns }) => ({
        what: `${name}: ${label(policy, table)} by ${by}`,
        who: "the application and its sign-in",
        limits: `returns ${returns.join(", ")}`,
      })),
    },
    { title: "Emergencies", explained: emergencyText, crossings: emergencies(policy) },
    { title: "Support of the vendor", explained: supportText, crossings: support(policy) },
    {
      title: "Referrals",
      explained:
        "A branch shows one person to another branch of the same clinic, in a context of its own. It ends by itself and when it is withdrawn; between clinics there is none.",
      crossings: referrals(policy),
    },
    {
      title: "Moves to another branch",
      explained: "Of one clinic, by somebody whose context holds both branches. Each is recorded.",
      crossings: moves(policy),
    },
    {
      title: "Reports over the branches of a clinic",
      explained:
        "A role that is assigned a group or every branch reads them in one context; who is assigned so stands below. The rows of other clinics are in none.",
      crossings: overBranches(policy),
    },
    {
      title: "Figures over clinics",
      explained:
        "Counted clinic by clinic where the clinic agreed, added up, and suppressed where they are of too few or mostly of one. The vendor's login reads these figures and nothing else. Each month once.",
      crossings: figures(policy),
    },
    {
      title: "Services",
      explained: "Jobs without a person. Each context is of one clinic, of the branches it was issued for.",
      crossings: policy.actors
        .filter(({ kind }) => kind === "service")
        .map((actor) => ({
          what: actor.name,
          who: `for ${actor.purposes.join(" or ")}`,
          limits: [...actor.can].map(([table, { rules }]) => `${verbs(rules)} ${label(policy, table)}`).join("; "),
        })),
    },
  ]
}

const emergencyText =
  "Somebody declares why they must see one patient of another branch of the same clinic. It is recorded before a row is shown, ends by itself, and is reviewed by somebody else."

function emergencies(policy: Policy): Crossing[] {
  const { breakGlass } = policy
  if (breakGlass === null) return []
  const { role, from, longestSeconds, reasons, reviewedBy } = breakGlass
  return [
    {
      what: `one patient of one branch, as ${role}: ${cellsOf(policy, role)}`,
      who: `declared by ${from.join(" or ")}; reviewed by ${reviewedBy.join(" or ")}`,
      limits: `at most ${Math.round(longestSeconds / 60)} minutes; reasons: ${reasons.join(", ")}`,
    },
  ]
}

function referrals(policy: Policy): Crossing[] {
  const referral = policy.crossings?.referral ?? null
  if (referral === null) return []
  const { role, from, to, longestSeconds, bases } = referral
  return [
    {
      what: `one person of one branch, as ${role}: at most ${cellsOf(policy, role)}`,
      who: `made and withdrawn by ${from.join(" or ")}; opened by ${to.join(" or ")} of the other branch`,
      limits: `at most ${Math.round(longestSeconds / 360) / 10} hours; bases: ${bases.join(", ")}`,
    },
  ]
}

function moves(policy: Policy): Crossing[] {
  const { people = "", movedBy = [], mergedBy = [] } = policy.crossings ?? {}
  const by = (what: string, roles: readonly string[]): Crossing[] =>
    roles.length === 0 ? [] : [{ what, who: roles.join(" or "), limits: "branches of the context, all or nothing" }]
  return [
    ...by(`a row of ${label(policy, people)} and all that hangs on it`, movedBy),
    ...by("all of a branch, which is closed", mergedBy),
  ]
}

function cellsOf(policy: Policy, role: string): string {
  return [...(policy.actors.find(({ kind, name }) => kind === "role" && name === role)?.can ?? [])]
    .map(([table, { rules }]) => `${verbs(rules)} ${label(policy, table)}`)
    .join("; ")
}

const supportText =
  "One named person of the vendor, for minutes, who reads listed columns and changes nothing. The clinic allows it, sees it and ends it."

function support(policy: Policy): Crossing[] {
  if (policy.support === null) return []
  const { role, allowedBy, longestSeconds, breakGlass } = policy.support
  const tables = [...(policy.actors.find(({ name }) => name === role)?.can ?? [])].map(([table, { rules }]) => {
    const columns = rules.read?.columns ?? "all"
    return `${label(policy, table)} (${columns === "all" ? "every column" : columns.join(", ")})`
  })
  const without = `codes without the clinic's word, which the clinic sees at once: ${breakGlass.join(", ")}`
  return [
    {
      what: `as ${role}, reads ${tables.join("; ")}`,
      who: `allowed and ended by ${allowedBy.join(" or ")}`,
      limits: `at most ${Math.round(longestSeconds / 60)} minutes; ${breakGlass.length === 0 ? "never without the clinic's word" : without}`,
    },
  ]
}

function overBranches(policy: Policy): Crossing[] {
  return policy.actors
    .filter(({ kind, confined, name }) => kind === "role" && !confined && name !== policy.support?.role)
    .flatMap((actor) => {
      const read = [...actor.can]
        .filter(([table, { rules }]) => rules.read !== undefined && rootScope(policy, table) === "branch")
        .map(([table]) => label(policy, table))
      return read.length === 0
        ? []
        : [
            {
              what: `reads ${read.join(", ")}`,
              who: shownRole(actor),
              limits: "the branches it is assigned, of one clinic",
            },
          ]
    })
}

/** The scope of the table that a chain of `through` ends at. */
function rootScope(policy: Policy, table: string): TableRule["scope"] | undefined {
  const scope = policy.tables.get(table)?.scope
  return typeof scope === "object" && "through" in scope ? rootScope(policy, scope.through) : scope
}

function figures({ aggregates, ...policy }: Policy): Crossing[] {
  return (aggregates?.figures ?? []).map(({ name, table, sum, month, by, minimum, largest, roundTo }) => ({
    what: `${name}: ${sum === null ? "rows" : `the sum of ${sum}`} of ${label({ ...policy, aggregates }, table)} by the month of ${month}${by === null ? "" : ` and ${by.column} (${by.values.join(", ")}, other)`}`,
    who: `agreed to and withdrawn by ${aggregates?.agreedBy.join(" or ")}; read by the vendor's login`,
    limits: `at least ${minimum.persons} persons and ${minimum.clinics} clinics; at most ${largest.clinic} % of one clinic and ${largest.person} % of one person; rounded to ${roundTo}`,
  }))
}

function tablesWhere(policy: Policy, is: (table: string) => boolean, reach: string): Crossing[] {
  return [...policy.tables]
    .filter(([table]) => is(table))
    .map(([table]) => ({ what: label(policy, table), who: whoMay(policy, table), limits: reach }))
}

function shared(policy: Policy): Crossing[] {
  return [...policy.tables].flatMap(([table, { scope }]) =>
    typeof scope === "object" && "shared" in scope
      ? [{ what: label(policy, table), who: whoMay(policy, table), limits: `linked by ${scope.shared}.${scope.by}` }]
      : [],
  )
}

/** `reception: read; owner: read, update`, and `nobody` where no role may do anything. */
export function whoMay({ actors }: Policy, table: string): string {
  const some = actors.flatMap((actor: Actor) => {
    const rules = actor.can.get(table)?.rules
    const verb = rules === undefined ? "" : verbs(rules)
    return verb === "" ? [] : [`${shownRole(actor)}: ${verb}`]
  })
  return some.length === 0 ? "nobody" : some.join("; ")
}

function verbs(rules: { readonly [A in Action]?: unknown }): string {
  return actions.filter((action) => rules[action] !== undefined).join(", ")
}

/** Tables of the policy's own schema are shown without it. */
export function label({ schema }: Policy, table: string): string {
  return table.startsWith(`${schema}.`) ? table.slice(schema.length + 1) : table
}

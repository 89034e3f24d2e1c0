import { type Action, actions } from "./actions.js"
import type { Known } from "./cells.js"
import type { Actor, ColumnSet, Permission, Policy, Rule } from "./policy.js"
import type { PolicyDocument } from "./schema.js"

/**
 * Declared combinations of roles, each as one role: in a small clinic the owner is doctor, administrator and cashier.
 * Every cell keeps the purposes of the roles it comes from, so holding two roles never lends one the other's purpose.
 */
export function combinationActors(doc: PolicyDocument, roles: readonly Actor[], known: Known): Actor[] {
  return Object.entries(doc.combinations).flatMap(([name, parts]) => {
    const at = `combinations.${name}`
    if (Object.hasOwn(doc.roles, name)) known.faults.push(`${at}: there is a role of this name`)
    // An event names a role and not its kind, and would name a service's as the combination's.
    if (Object.hasOwn(doc.services, name)) known.faults.push(`${at}: there is a service of this name`)
    const combined = [...new Set(parts)].flatMap((part) => {
      const role = roles.find((actor) => actor.name === part)
      if (role === undefined) known.faults.push(`${at}: ${part} is not under roles`)
      else if (role.confined) known.faults.push(`${at}: ${part} is confined to subjects; it stands alone`)
      return role === undefined ? [] : [role]
    })
    return combined.length < 2 ? [] : [combine(name, combined, known)]
  })
}

function combine(name: string, roles: readonly Actor[], known: Known): Actor {
  const purposes = union(roles.map((role) => role.purposes))
  const factors = roles.flatMap(({ mfaSeconds }) => (mfaSeconds === null ? [] : [mfaSeconds]))
  return {
    kind: "role",
    name,
    purposes,
    // A session is issued for the whole combination: it asks for what the strictest of its roles asks for.
    mfaSeconds: factors.length === 0 ? null : Math.min(...factors),
    mustExpire: roles.some((role) => role.mustExpire),
    mayGrant: union(roles.map((role) => role.mayGrant)),
    confined: false,
    combines: roles.map((role) => role.name),
    countsAs: union([[name], ...roles.map((role) => role.countsAs)]),
    can: cellsOf(name, roles, purposes, known),
  }
}

function cellsOf(name: string, roles: readonly Actor[], purposes: readonly string[], known: Known): Actor["can"] {
  const can = new Map<string, Permission>()
  for (const table of new Set(roles.flatMap((role) => [...role.can.keys()]))) {
    const rules: { -readonly [A in keyof Permission["rules"]]: Permission["rules"][A] } = {}
    for (const action of actions) {
      const offered = roles.flatMap((role) => {
        const rule = role.can.get(table)?.rules[action]
        return rule === undefined ? [] : [withPurposes(rule, role.purposes, purposes)]
      })
      const [first, ...others] = offered
      if (first === undefined) continue
      const merged = others.reduce<Rule | undefined>((sum, rule) => sum && mergeRules(sum, rule), first)
      if (merged === undefined)
        known.faults.push(
          `combinations.${name}: its roles may ${action} ${table} under different ties, which one cell cannot say; make the cells alike, or write a role of its own`,
        )
      else rules[action] = withPurposes(merged, purposes, purposes)
    }
    can.set(table, { rules })
  }
  return can
}

/**
 * The roles of a combination that allow one of its cells for one purpose, in the order in which it names them. Where the
 * cell of one holds all that the cell of another holds, the wider is named alone; roles whose cells are alike, or that bring
 * columns of their own, are named together. Empty for what is no combination and where nothing is allowed.
 *
 * @example allowingRoles(policy, practitioner, "public.note", "update", "care").map(({ name }) => name) // ["doctor"]
 */
export function allowingRoles(
  policy: Pick<Policy, "actors">,
  combination: Actor,
  table: string,
  action: Action,
  purpose: string,
): { readonly name: string; readonly columns: ColumnSet }[] {
  const holders = combination.combines.flatMap((name) => {
    const role = policy.actors.find((actor) => actor.kind === "role" && actor.name === name)
    const rule = role?.can.get(table)?.rules[action]
    const purposes = rule?.purposes ?? role?.purposes ?? []
    return rule !== undefined && purposes.includes(purpose) ? [{ name, rule: { ...rule, purposes: [purpose] } }] : []
  })
  return holders
    .filter(({ rule }) => !holders.some((other) => contains(other.rule, rule) && !contains(rule, other.rule)))
    .map(({ name, rule }) => ({ name, columns: rule.columns }))
}

function withPurposes(rule: Rule, own: readonly string[], all: readonly string[]): Rule {
  const purposes = rule.purposes ?? own
  return { ...rule, purposes: all.every((purpose) => purposes.includes(purpose)) ? null : purposes }
}

/** One rule that allows what either allows and nothing else, or undefined when there is none. */
function mergeRules(a: Rule, b: Rule): Rule | undefined {
  if (contains(a, b)) return a
  if (contains(b, a)) return b
  if (a.when !== b.when || a.after !== b.after || a.mfaSeconds !== b.mfaSeconds) return undefined
  if (same(a.columns, b.columns)) return { ...a, purposes: union([a.purposes ?? [], b.purposes ?? []]) }
  if (same(a.purposes ?? "all", b.purposes ?? "all"))
    return { ...a, columns: union([list(a.columns), list(b.columns)]) }
  return undefined
}

function contains(wide: Rule, narrow: Rule): boolean {
  return (
    covers(wide.columns, narrow.columns) &&
    covers(wide.purposes ?? "all", narrow.purposes ?? "all") &&
    (wide.when === null || wide.when === narrow.when) &&
    (wide.after === null || wide.after === narrow.after) &&
    (wide.mfaSeconds === null || (narrow.mfaSeconds !== null && wide.mfaSeconds >= narrow.mfaSeconds))
  )
}

function covers(wide: ColumnSet, narrow: ColumnSet): boolean {
  return wide === "all" || (narrow !== "all" && narrow.every((one) => wide.includes(one)))
}

function same(a: ColumnSet, b: ColumnSet): boolean {
  return covers(a, b) && covers(b, a)
}

function list(columns: ColumnSet): readonly string[] {
  return columns === "all" ? [] : columns
}

function union(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())]
}

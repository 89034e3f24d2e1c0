import type { Condition, Hours } from "@wardkeep/core"

/**
 * A condition in words.
 *
 * @example describeCondition({ all: [{ own: "author" }, { state: { column: "status", in: ["draft"] } }] })
 * // author is the actor and status is draft
 */
export function describeCondition(condition: Condition): string {
  if ("all" in condition) return condition.all.map((part) => grouped(part, "any")).join(" and ")
  if ("any" in condition) return condition.any.map((part) => grouped(part, "all")).join(" or ")
  if ("own" in condition) return `${condition.own} is the actor`
  if ("ownSubject" in condition) return "the row is about the actor"
  if ("assigned" in condition) {
    const { table, from, until } = condition.assigned
    return `the actor is assigned in ${table}${from === undefined && until === undefined ? "" : ", now"}`
  }
  if ("state" in condition) return `${condition.state.column} is ${condition.state.in.map(String).join(" or ")}`
  if ("branch" in condition) return `${condition.branch} is a branch of the context`
  if ("group" in condition) return `${condition.group.column} is in the group ${condition.group.name}`
  if ("within" in condition) {
    const { column, last, next } = condition.within
    const sides = [last === undefined ? "" : `last ${last}`, next === undefined ? "" : `next ${next}`]
    return `${column} lies in the ${sides.filter((side) => side !== "").join(" or ")}`
  }
  return describeHours(condition.hours)
}

function grouped(part: Condition, other: "all" | "any"): string {
  const text = describeCondition(part)
  return other in part ? `(${text})` : text
}

function describeHours({ days, from, to, zone }: Hours): string {
  const parts = [days === undefined ? "" : days.join(" "), from === undefined ? "" : `${from} to ${to ?? ""}`]
  return `it is ${parts.filter((part) => part !== "").join(", ")} in ${zone}`
}

import { quoteLiteral } from "@wardkeep/core"
import type { Scene } from "../run/check.js"
import { type Argument, type Routine, tenantWord } from "./argument.js"
import type { Pair } from "./pair.js"
import { plainName } from "./row-keys.js"

/** Whether an argument or a member is called after the tenant, in the field's words or in the system's own: `p_insurers` where the column is `insurer_id`. */
export function isTenantName({ catalog }: Scene, name: string): boolean {
  if (tenantWord.test(name)) return true
  const asked = bare(plainName(name))
  return (
    asked !== "" &&
    catalog.relations.some(({ tenancy }) => tenancy.by === "column" && bare(tenancy.column.name) === asked)
  )
}

const bare = (name: string): string =>
  name
    .toLowerCase()
    .replace(/_?(ids?|uuids?|keys?|nos?|codes?)$/, "")
    .replace(/s$/, "")

/**
 * Tenants as an argument that takes several, as SQL: another's among one's own, which a check for an overlap lets pass, and
 * another's alone. In a text they stand as the function's own text takes them apart.
 */
export function scopes({ base, type, category }: Argument, { source }: Routine, { attacker, victim }: Pair): string[] {
  const isFit = (key: string): boolean => {
    if (category === "S" || /^(text|character varying)/.test(base)) return true
    return /^uuid/.test(base)
      ? /^[0-9a-f-]{36}$/i.test(key)
      : /^(smallint|integer|bigint)/.test(base) && /^-?\d+$/.test(key)
  }
  const [own, theirs] = [attacker.keys.filter(isFit).slice(0, 1), victim.keys.filter(isFit)]
  if (theirs.length === 0) return []
  const lists = own.length > 0 ? [[...own, ...theirs], theirs] : [theirs]
  if (category === "A") return lists.map((keys) => `array[${keys.map(quoteLiteral).join(", ")}]::${type}`)
  if (category !== "S") return []
  const forms = [
    ...(/string_to_(array|table)|regexp_split/i.test(source) ? [(keys: readonly string[]) => keys.join(",")] : []),
    ...(/\[\]/.test(source) ? [(keys: readonly string[]) => `{${keys.join(",")}}`] : []),
  ]
  return forms.flatMap((form) => lists.map((keys) => `${quoteLiteral(form(keys))}::${type}`))
}

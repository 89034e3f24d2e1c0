import { quoteLiteral } from "@wardkeep/core"
import type { Column } from "../catalog/relation.js"

/** SQL for a column that names this tenant, in each form in which such a column may: alone, in a list, in a document. */
export function keyAs({ base, category, enum: isEnum }: Column, key: string): string[] {
  const typed = (text: string): string => `${quoteLiteral(text)}::${base}`
  const isNumber = /^\d+$/.test(key)
  if (base === "json" || base === "jsonb") {
    const texts = [JSON.stringify([key]), JSON.stringify({ [key]: true }), JSON.stringify(key)]
    return (isNumber ? [`[${key}]`, ...texts] : texts).map(typed)
  }
  if (base === "hstore" || base.endsWith(".hstore"))
    return [`${quoteLiteral(`${JSON.stringify(key)}=>"true"`)}::${base}`]
  if (base === "xml") return [typed(`<tenant>${key.replace(/[<&>]/g, "")}</tenant>`)]
  if (category === "A") return isNumber || /text|char|uuid|name/.test(base) ? [typed(`{${JSON.stringify(key)}}`)] : []
  if (category === "S" && !isEnum) return [key, `,${key},`, JSON.stringify([key])].map(typed)
  if (category === "N") return isNumber ? [typed(key)] : []
  return base === "uuid" && /^[0-9a-f-]{36}$/i.test(key) ? [typed(key)] : []
}

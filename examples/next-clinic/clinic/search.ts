import { searchCondition } from "@wardkeep/example-express-clinic"
import type { May } from "./menu"

interface Search {
  readonly where: string
  readonly values: string[]
}

/**
 * What finds a patient `p` for these words. The word table is for roles that read all it is made from; who reads names and no
 * phones looks for a part of the name, row by row inside the fence.
 */
export function searchFor(may: May, wanted: string): Search {
  if (wanted.length < 2) return { where: "", values: [] }
  if (may.reads("patient", "full_name") && may.reads("patient", "phone")) return searchCondition(wanted)
  return { where: "where strpos(lower(p.full_name), lower($1)) > 0", values: [wanted] }
}

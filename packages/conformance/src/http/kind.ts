/** `patients` → `patient`, `branches` → `branch`, `lab-results` → `labresult`: one word for one kind of thing. */
export function singular(word: string): string {
  const plain = word.toLowerCase().replace(/[^a-z0-9]/g, "")
  if (/ies$/.test(plain)) return plain.replace(/ies$/, "y")
  if (/(s|x|ch|sh)es$/.test(plain)) return plain.replace(/es$/, "")
  return /[^s]s$/.test(plain) ? plain.slice(0, -1) : plain
}

const reference = /^(.+?)[-_]?(ids?|uuids?|guids?|keys?|codes?|slugs?|refs?|numbers?|nos?)$/i

/** What the value under this key identifies: `id` in `patients` a patient, `branch_id` anywhere a branch. */
export function kindOfKey(key: string, collection: string, inList: boolean): string | undefined {
  if (/^(_?ids?|uuid|guid)$/i.test(key)) return singular(collection) || undefined
  const [, name] = reference.exec(key) ?? []
  if (name !== undefined && name.length > 1) return singular(name)
  if (isTenantKind(singular(key))) return singular(key)
  return inList && key !== "" ? singular(key) : undefined
}

/** What a slot of a request takes, from the name of a parameter or header, or from the segment before it. */
export function kindOfSlot(name: string): string {
  const plain = name.replace(/^x-/i, "")
  return singular(reference.exec(plain)?.[1] ?? plain)
}

const tenantWords =
  /^(tenant|clinic|branch|org|organi[sz]ation|company|account|site|facility|hospital|practice|workspace|team|location|customer|store)$/

/** Words for whoever owns rows. */
export const isTenantKind = (kind: string | undefined): boolean => kind !== undefined && tenantWords.test(kind)

/** Points at something else: such values are shared more often than others. */
export const isReference = (key: string): boolean => /[-_](id|uuid|key|code)$|[a-z](Id|Uuid)$|_by$|author/.test(key)

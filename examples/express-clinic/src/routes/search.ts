/**
 * Words and prefixes of the name, or last digits of the phone, through the word table that Wardkeep keeps beside
 * `patient`: under row-level security `like '%…%'` reads the whole table, a range of words is an index look-up.
 */
export function searchCondition(search: string | undefined): { where: string; values: string[] } {
  const values = (search ?? "")
    .toLowerCase()
    .split(/[\s,.;:/()"'_-]+/)
    .filter(Boolean)
    .slice(0, 4)
    .map(asWord)
  if (values.length === 0) return { where: "", values }
  const matches = values.map(
    (_, index) =>
      `p.id in (select w.patient_id from patient_word w
                 where w.word >= $${index + 1} and w.word < wardkeep.prefix_end($${index + 1}))`,
  )
  return { where: `where ${matches.join(" and ")}`, values }
}

/** Phones are kept backwards behind #, so that the last digits become a prefix. */
function asWord(term: string): string {
  const digits = term.replace(/^\+/, "")
  return /^\d+$/.test(digits) ? `#${[...digits].reverse().join("")}` : term
}

/**
 * How many instructions a file of callgrind says were executed while it counted. Files are written when a counter is asked;
 * one without its last line was not written to its end.
 */
export function instructionsOf(text: string): number {
  const events = lineOf(text, "events")?.split(" ") ?? []
  const column = events.indexOf("Ir")
  if (column < 0) throw new Error("a file of callgrind that counts no instructions (no event Ir)")
  const totals = lineOf(text, "totals")
  if (totals === undefined) throw new Error("a file of callgrind that was not written to its end (no totals)")
  const counted = Number(totals.split(" ")[column])
  if (!Number.isSafeInteger(counted)) throw new Error("a file of callgrind whose totals are no whole numbers")
  return counted
}

function lineOf(text: string, name: string): string | undefined {
  return new RegExp(`^${name}: *(.*?) *$`, "m").exec(text)?.[1]
}

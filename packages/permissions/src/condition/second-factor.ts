/** Clocks of the host and the database differ a little; the SQL function `wardkeep.tenant_for` allows as much. */
const futureSeconds = 60

/** True when the second factor was given, at most so many seconds ago. */
export function isRecent(mfaAt: Date | null | undefined, maxAgeSeconds: number, now: Date): boolean {
  if (mfaAt === null || mfaAt === undefined) return false
  const age = now.getTime() - mfaAt.getTime()
  return age <= maxAgeSeconds * 1000 && age >= -futureSeconds * 1000
}

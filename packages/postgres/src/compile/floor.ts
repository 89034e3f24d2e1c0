import { WardkeepError } from "@wardkeep/core"

/** First minor of each major with CVE-2026-120154 and its neighbours fixed (PostgreSQL release notes, November 2026). */
const floor: Readonly<Record<number, number>> = { 15: 20, 16: 16, 17: 12, 18: 7 }

/** True when the server has the known row-security holes closed. Majors after 18 are newer than all of them. */
export function meetsSecurityFloor(serverVersionNumber: number): boolean {
  const major = Math.floor(serverVersionNumber / 10000)
  const minor = serverVersionNumber % 10000
  const first = floor[major]
  return first === undefined ? major > 18 : minor >= first
}

/** `18.7, 17.12, 16.16 or 15.20` */
export const securityFloorText = Object.entries(floor)
  .map(([major, minor]) => `${major}.${minor}`)
  .reverse()
  .join(", ")

/** @throws WK006 older than 15, which has neither security_invoker views nor SET NULL of one column */
export function requireSupportedVersion(serverVersionNumber: number, name: string): void {
  if (serverVersionNumber >= 150000) return
  throw new WardkeepError("WK006", {
    message: `PostgreSQL ${name} is older than 15`,
    hint: "Upgrade the server; 15 to 18 are tested.",
  })
}

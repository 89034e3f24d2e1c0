import type { Tally } from "./ways.ts"

/** What a killed server looks like; 08P01 is the pooler's word for one. */
const lost: ReadonlySet<string> = new Set(["WK109", "57P01", "08P01"])
/** Calls that one killed server may take with it. */
const perKill = 2
/** Calls that may lose their server although none was killed under them: it went while they connected. */
const strays = 5
/** So few kills say nothing. */
const enough = 5
/** Of all calls the share that is answered where many wait on one connection and are lost with it. */
const leastShared = 1 / 2

/** What speaks against the client in a tally of calls during which `kills` servers were killed; empty when it passed. */
export function faultsUnderKills(tally: Tally, kills: number, shared: boolean): string[] {
  const found: string[] = []
  if (tally.wrong > 0) found.push(`${tally.wrong} calls saw rows of others`)
  if (tally.missing > 0) found.push(`${tally.missing} calls missed rows`)
  for (const way of tally.hung) found.push(`${way} never ended`)
  if (kills < enough) found.push(`only ${kills} servers were killed`)
  let failed = 0
  for (const [code, times] of tally.failed) {
    failed += times
    if (!lost.has(code)) found.push(`${times} calls failed with ${code}`)
  }
  const allowed = shared ? tally.calls * (1 - leastShared) : Math.min(kills * perKill + strays, tally.calls / 2)
  if (failed > allowed) found.push(`${failed} of ${tally.calls} calls failed, and ${kills} servers were killed`)
  return found
}

import type { RotationAct } from "./acts.js"
import type { Checkpoint } from "./note.js"
import type { Verdict } from "./verdict.js"

/** Until which size of the deployment's log each retired key signed: up to the first checkpoint that holds its own farewell. */
export type Ends = ReadonlyMap<string, number>

/** @param checkpoints of the deployment's log, whoever signed them */
export function endsOf(acts: readonly RotationAct[], checkpoints: readonly Checkpoint[]): Ends {
  const ends = new Map<string, number>()
  for (const { leaf, retired } of acts) {
    const last = Math.min(...checkpoints.filter(({ size }) => size > leaf).map(({ size }) => size))
    ends.set(retired, Math.min(last, ends.get(retired) ?? last))
  }
  return ends
}

/**
 * Checkpoints that a key signed after it was retired. `sizeOf` says at which size of the deployment's log a checkpoint was
 * made; nothing where that log does not know it.
 */
export function signedAfterEnd(
  origin: string,
  checkpoints: readonly Checkpoint[],
  ends: Ends,
  sizeOf: (checkpoint: Checkpoint) => number | undefined,
): Verdict[] {
  return checkpoints.flatMap((checkpoint): Verdict[] => {
    const end = ends.get(checkpoint.key ?? "")
    if (end === undefined || (sizeOf(checkpoint) ?? Number.POSITIVE_INFINITY) <= end) return []
    const message = `the checkpoint of size ${checkpoint.size} is signed by a key that was retired before`
    return [{ name: "KEY_UNKNOWN", origin, message }]
  })
}

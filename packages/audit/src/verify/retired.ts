import type { KeyObject } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import type { RotationAct } from "./acts.js"
import { type Checkpoint, readCheckpoint } from "./note.js"
import type { Verdict } from "./verdict.js"

/** Until which size of the deployment's log each retired key signed: up to the first checkpoint that holds its own farewell. */
export type Ends = ReadonlyMap<string, number>

/** @param checkpoints of the deployment's log, whoever signed them */
export function endsOf(acts: readonly RotationAct[], checkpoints: readonly Checkpoint[]): Ends {
  const ends = new Map<string, number>()
  for (const { leaf, retired } of acts) {
    let last = Number.POSITIVE_INFINITY
    for (const { size } of checkpoints) if (size > leaf && size < last) last = size
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

/** A last checkpoint, which a trusted key signed. */
export interface LastHead extends Checkpoint {
  readonly key: string
}

/**
 * The last checkpoint of each retired key, as it was kept when the key was retired.
 *
 * @throws WK457 no trusted key signed it, or it is of no deployment's log
 */
export function lastHeads(last: readonly string[], keys: readonly KeyObject[]): LastHead[] {
  return last.map((note) => {
    const head = readCheckpoint(note, keys)
    if (head?.signature === "valid" && head.key !== undefined && head.origin.split("/").length === 3)
      return { ...head, key: head.key }
    throw new WardkeepError("WK457", {
      message: "the last checkpoint of a retired key is signed by no trusted key, or is a tenant's",
    })
  })
}

/**
 * Until where keys signed as the reader knows it, whatever is shown says. Sizes of the deployment's log, under whichever name of it.
 *
 * @param origin a log of the deployment that is verified
 * @throws WK457 · WK406 a last checkpoint is of another deployment
 */
export function knownEnds(origin: string, last: readonly string[], keys: readonly KeyObject[]): Ends {
  const deployment = (name: string): string => name.split("/").slice(0, 2).join("/")
  const ends = new Map<string, number>()
  for (const head of lastHeads(last, keys)) {
    if (deployment(head.origin) !== deployment(origin))
      throw new WardkeepError("WK406", {
        message: `what is shown is of ${deployment(origin)}, the last checkpoint of a retired key is of ${deployment(head.origin)}`,
      })
    ends.set(head.key, Math.min(head.size, ends.get(head.key) ?? head.size))
  }
  return ends
}

/** The earlier end of each key. */
export function earlier(one: Ends, other: Ends): Ends {
  const ends = new Map(one)
  for (const [key, size] of other) ends.set(key, Math.min(size, ends.get(key) ?? size))
  return ends
}

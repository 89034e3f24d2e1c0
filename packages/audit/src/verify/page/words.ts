import type { VerdictName } from "../verdict.js"

/** What a verdict means to somebody who was handed a bundle. */
export const meaning: Readonly<Record<VerdictName, string>> = {
  EDITED: "Something in the log is not what was sealed.",
  DELETED: "Something that was sealed is missing.",
  INSERTED: "Something is there that was never sealed.",
  REORDERED: "Entries stand in another order than they were sealed in.",
  TRUNCATED: "The end of the log was cut off.",
  ROLLED_BACK: "More was signed than is shown here: this is an old state, or a cut one.",
  SPLIT_VIEW: "Another log was signed under this name than the one shown here.",
  KEY_UNKNOWN: "It is signed by a key that you did not give, or by one that was retired before.",
  UNSEALED: "Some events wait for the sealer. This is no fault.",
  DROPPED:
    "A month was dropped on purpose, as the log itself says. This is no fault; whether its time was over, judge by the dates.",
  REBASED:
    "The log goes on in a restored, cloned or promoted database, as it says itself. This is no fault; whether something was lost, judge by what it says and by your checkpoints.",
  GAP_OF_CAPTURE: "For a while, changes may not have been recorded.",
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`
}

/** Bytes as a person reads them. */
export function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

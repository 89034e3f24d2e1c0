import type { KeyObject } from "node:crypto"
import { type Checkpoint, readCheckpoint } from "./note.js"

/** What was kept outside; `lost` is one of which the reader knows that it was lost. */
export interface Kept extends Checkpoint {
  readonly lost?: boolean
}

/** What a reader brings along, as far as it can be read. */
export function keptOf(options: {
  readonly keys: readonly KeyObject[]
  readonly anchors?: readonly string[]
  readonly lost?: readonly string[]
}): Kept[] {
  const { keys, anchors = [], lost = [] } = options
  return [
    ...anchors.map((note) => readCheckpoint(note, keys)),
    ...lost.map((note) => {
      const head = readCheckpoint(note, keys)
      return head && { ...head, lost: true }
    }),
  ].filter((head) => head !== undefined)
}

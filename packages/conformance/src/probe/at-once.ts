import type { Key } from "../catalog/relation.js"

/** A replay is rolled back: what a commit would refuse must be refused at the statement. */
export const atOnce = ({ definition }: Key): string[] =>
  /(?<!NOT )\bDEFERRABLE\b/.test(definition) ? ["set constraints all immediate"] : []

import { createInterface } from "node:readline/promises"
import { WardkeepError } from "@wardkeep/core"
import type { CommandContext } from "./command-context.js"

interface Question {
  readonly text: string
  /** What would be done without an answer, for whoever has no terminal. */
  readonly otherwise: { readonly message: string; readonly hint: string }
}

/**
 * Asks somebody at a terminal and takes `yes` only.
 *
 * @throws WK009 nobody sits there, or the answer of the command is a document
 */
export async function ask(
  { surroundings: { stdin, stdout } }: CommandContext,
  json: boolean | undefined,
  { text, otherwise }: Question,
  show: () => void,
): Promise<boolean> {
  if (stdin.isTTY !== true || stdout.isTTY !== true || json) throw new WardkeepError("WK009", otherwise)
  show()
  const lines = createInterface({ input: stdin, output: stdout })
  try {
    return (await lines.question(`${text} Type yes: `)).trim() === "yes"
  } finally {
    lines.close()
  }
}

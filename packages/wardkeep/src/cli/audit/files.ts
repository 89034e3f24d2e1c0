import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
import { readCheckpoint } from "@wardkeep/audit/verify"
import { WardkeepError } from "@wardkeep/core"
import type { CommandContext } from "../command-context.js"

/** The text of the files that an option names; a key that is repeated in no message. */
export async function textsOf(files: readonly string[] | undefined, context: CommandContext): Promise<string[]> {
  return await Promise.all(
    (files ?? []).map(async (file) => {
      try {
        return await readFile(resolve(context.surroundings.folder, file), "utf8")
      } catch (cause) {
        throw new WardkeepError("WK009", { message: `${file} cannot be read`, hint: "Check the file's name.", cause })
      }
    }),
  )
}

/** What is no checkpoint is compared with nothing, and whoever named it would think that it was. */
export async function checkpointsOf(files: readonly string[], context: CommandContext): Promise<string[]> {
  const texts = await textsOf(files, context)
  const wrong = files[texts.findIndex((text) => readCheckpoint(text, []) === undefined)]
  if (wrong === undefined) return texts
  throw new WardkeepError("WK009", {
    message: `${wrong} is not a checkpoint`,
    hint: "Give each checkpoint whole, in a file of its own.",
  })
}

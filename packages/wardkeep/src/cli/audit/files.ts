import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
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

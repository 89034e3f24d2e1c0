import { open, rm } from "node:fs/promises"
import { relative } from "node:path"
import { WardkeepError } from "@wardkeep/core"

export interface NewFile {
  readonly path: string
  readonly text: string
}

/**
 * Writes all of the files or none: what was begun is removed again when a later one fails. Never touches a file that is there.
 *
 * @throws WK009 one of the names is taken · WK774 one cannot be written
 * @example await writeNew([{ path: "/app/wardkeep.policy.ts", text }], "/app")
 */
export async function writeNew(files: readonly NewFile[], folder: string): Promise<void> {
  const made: string[] = []
  let path = ""
  try {
    for (const file of files) {
      path = file.path
      const handle = await open(path, "wx")
      made.push(path)
      try {
        await handle.writeFile(file.text)
      } finally {
        await handle.close()
      }
    }
  } catch (cause) {
    throw refusal(relative(folder, path), await removed(made, folder), cause)
  }
}

/** What could not be removed. */
async function removed(paths: readonly string[], folder: string): Promise<string[]> {
  const gone = await Promise.allSettled(paths.map((path) => rm(path)))
  return paths.filter((_, n) => gone[n]?.status === "rejected").map((path) => relative(folder, path))
}

function refusal(shown: string, left: readonly string[], cause: unknown): WardkeepError {
  const rest = left.length === 0 ? "nothing was written" : `${left.join(" and ")} could not be removed again`
  const { code } = cause as NodeJS.ErrnoException
  if (code === "EEXIST") return taken(shown, `; ${rest}`)
  return new WardkeepError("WK774", { message: `${shown} cannot be written (${code ?? "unknown"}); ${rest}`, cause })
}

/** The name is somebody's, and stays so. */
export function taken(shown: string, rest = ""): WardkeepError {
  return new WardkeepError("WK009", {
    message: `${shown} exists and is never overwritten${rest}`,
    hint: "Remove it first, or write another file with --out.",
  })
}

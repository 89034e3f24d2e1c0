import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
import { draftTarget, type Report, verify as run, type TargetInput, type VerifyOptions } from "@wardkeep/conformance"
import { WardkeepError } from "@wardkeep/core"

export interface VerifyFileOptions extends Omit<VerifyOptions, "target"> {
  /** Path of `target.json`; without one everything is found out by looking, which catalog mode allows. */
  readonly targetFile?: string | undefined
  readonly folder: string
}

/**
 * Reads the target file and attacks the database that it describes.
 *
 * @throws WK701 the file is missing or not a target · and what `verify` of @wardkeep/conformance throws
 * @example const report = await verify({ databaseUrl, appUrl, targetFile: "target.json", folder: process.cwd() })
 */
export async function verify({ targetFile, folder, ...options }: VerifyFileOptions): Promise<Report> {
  return await run({ ...options, target: targetFile === undefined ? {} : await textOf(resolve(folder, targetFile)) })
}

/**
 * A first target file by looking at the database.
 *
 * @throws WK005 · WK009
 * @example const target = await draft({ databaseUrl })
 */
export async function draft(options: { readonly databaseUrl: string }): Promise<TargetInput> {
  return await draftTarget(options)
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8")
  } catch (cause) {
    throw new WardkeepError("WK701", { message: `The target file ${path} cannot be read`, cause })
  }
}

import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
import {
  applyBaseline,
  draftTarget,
  drill,
  parseBaseline,
  type Report,
  verify as run,
  type TargetInput,
  type VerifyOptions,
} from "@wardkeep/conformance"
import { WardkeepError } from "@wardkeep/core"
import { textOf as fileText } from "./verify-report.js"

export interface VerifyFileOptions extends Omit<VerifyOptions, "target"> {
  /** Path of `target.json`; without one everything is found out by looking, which catalog mode allows. */
  readonly targetFile?: string | undefined
  readonly folder: string
  /** Path of the findings that are accepted, each with a reason and a day. */
  readonly baselineFile?: string | undefined
}

/**
 * Reads the target file and attacks the database that it describes, in drill mode a clone of it.
 *
 * @throws WK701 the file is missing or not a target · WK770 the baseline · and what `verify` and `drill` of
 * @wardkeep/conformance throw
 * @example const report = await verify({ databaseUrl, appUrl, targetFile: "target.json", folder: process.cwd() })
 */
export async function verify({ targetFile, baselineFile, folder, ...options }: VerifyFileOptions): Promise<Report> {
  const target = targetFile === undefined ? {} : await textOf(resolve(folder, targetFile))
  // Read first: a baseline that is wrong is said before anything is attacked.
  const baseline = baselineFile === undefined ? undefined : parseBaseline(await fileText(baselineFile, folder))
  const report = await (options.mode === "drill" ? drill : run)({ ...options, target })
  return baseline === undefined ? report : applyBaseline(report, baseline, new Date())
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

import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { rm, writeFile } from "node:fs/promises"
import { basename, dirname, extname, join } from "node:path"
import { promisify } from "node:util"
import { type Policy, WardkeepError } from "@wardkeep/core"
import { loadPolicy } from "../policy-file.js"

/**
 * The policy file as it was at a commit, branch or tag. It is read beside the present one, so what it imports from other
 * files is what they hold today.
 *
 * @throws WK009 no such revision, or the file was not in it · WK001 it was no valid policy
 * @example const before = await policyAt("main", "/srv/clinic/wardkeep.policy.ts")
 */
export async function policyAt(revision: string, path: string): Promise<Policy> {
  if (revision.startsWith("-") || revision.includes(":"))
    throw new WardkeepError("WK009", { message: "write a commit, a branch or a tag" })
  const folder = dirname(path)
  const text = await shown(revision, folder, basename(path))
  const copy = join(folder, `.wardkeep-${randomBytes(6).toString("hex")}${extname(path)}`)
  try {
    await writeFile(copy, text, { flag: "wx" })
    return (await loadPolicy(copy, folder)).policy
  } finally {
    await rm(copy, { force: true })
  }
}

async function shown(revision: string, cwd: string, file: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("git", ["show", `${revision}:./${file}`], {
      cwd,
      maxBuffer: 16_777_216,
    })
    return stdout
  } catch (cause) {
    throw new WardkeepError("WK009", {
      message: `git has no ${file} at this revision`,
      hint: "Write a commit, a branch or a tag of this repository in which the policy file is there.",
      cause,
    })
  }
}

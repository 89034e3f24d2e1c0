import { createHash } from "node:crypto"
import { readFile, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { resolve } from "node:path"
import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import { type CommandContext, examples, printJson } from "../command-context.js"

interface VerifierFlags {
  readonly out: string
  readonly json?: boolean
}

export function verifierCommand(context: CommandContext): Command {
  const command = new Command("verifier")
    .description("Write a page that verifies a bundle in a browser: one file, no network, nothing to install.")
    .requiredOption("--out <file>", "the file to write, such as verify.html")
    .option("--json", "print one JSON document")
  examples(command, ["wardkeep audit verifier --out verify.html"])
  return command.action(async ({ out, json }: VerifierFlags) => {
    const { output, surroundings } = context
    const page = await readFile(createRequire(import.meta.url).resolve("@wardkeep/audit/page/verify.html"))
    await writeFile(resolve(surroundings.folder, out), page).catch((cause: unknown) => {
      throw new WardkeepError("WK009", { message: `${out} cannot be written`, hint: "Check the folder.", cause })
    })
    const sha256 = createHash("sha256").update(page).digest("hex")
    if (json) return printJson(output, { out, bytes: page.length, sha256 })
    output.out(`${output.paint("green", "written")} ${out}`)
    output.out(`  SHA-256 ${sha256}`)
    output.out("  Whoever verifies gets it from you or makes it; never from whoever hands over the bundle.")
  })
}

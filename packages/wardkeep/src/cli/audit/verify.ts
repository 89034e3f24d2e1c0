import { resolve } from "node:path"
import type { BundleVerification, Verification } from "@wardkeep/audit/verify"
import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import { verifyFile, verifyLog } from "../../commands/audit/verify.js"
import {
  type CommandContext,
  type CommonOptions,
  connectionOf,
  examples,
  policyOf,
  printJson,
  withDatabase,
  withPolicy,
} from "../command-context.js"
import { countOf } from "../findings.js"
import type { Output } from "../output.js"
import { textsOf } from "./files.js"

interface VerifyFlags extends CommonOptions {
  readonly key?: string[]
  readonly anchor?: string[]
}

export function auditVerifyCommand(context: CommandContext): Command {
  const command = new Command("verify")
    .description("Say by name what happened to the log. With a bundle: no database, no network, no policy file.")
    .argument("[bundle]", "a .wkbundle file; without it the database is read")
    .option(
      "--key <file...>",
      "Ed25519 public keys in PEM that you trust; default WARDKEEP_AUDIT_PUBLIC_KEY (PEM text)",
    )
    .option("--anchor <file...>", "checkpoints of these logs that were kept elsewhere")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    "wardkeep audit verify --key seal.pub --anchor /mnt/elsewhere/checkpoint.txt",
    "wardkeep audit verify case-17.wkbundle --key seal.pub --anchor checkpoint.txt",
  ])
  return command.action(async (file: string | undefined, flags: VerifyFlags) => {
    const { output, surroundings } = context
    const fromFiles = await textsOf(flags.key, context)
    const keys = fromFiles.length > 0 ? fromFiles : [surroundings.env.WARDKEEP_AUDIT_PUBLIC_KEY ?? ""].filter(Boolean)
    if (keys.length === 0)
      throw new WardkeepError("WK402", {
        message: "there is no public key to verify with",
        hint: "Give --key with a key from somebody you trust; never one that came with the log.",
      })
    const trusted = { keys, anchors: await textsOf(flags.anchor, context) }
    const found =
      file === undefined
        ? await verifyLog({
            ...trusted,
            policy: (await policyOf(flags, context)).policy,
            connection: connectionOf(flags, context),
          })
        : await verifyFile({ ...trusted, path: resolve(surroundings.folder, file), shown: file })
    if (!found.ok) context.exitWith(1)
    if (flags.json) return printJson(output, found)
    print(found, output)
  })
}

function print(found: Verification | BundleVerification, output: Output): void {
  if ("made" in found) output.out(`${found.log}, made ${found.made}`)
  const sum = (part: "size" | "withheld" | "erased" | "dropped"): number =>
    found.logs.reduce((n, log) => n + log[part], 0)
  const word = found.ok ? output.paint("green", "OK") : output.paint("red", "NOT OK")
  output.out(`${word} ${countOf(found.logs.length, "log")}, ${countOf(sum("size"), "leaf").replace("leafs", "leaves")}`)
  if (sum("withheld") > 0) output.out(`  ${sum("withheld")} shown as a hash only`)
  if (sum("erased") > 0) output.out(`  ${sum("erased")} with a person erased`)
  if (sum("dropped") > 0) output.out(`  ${sum("dropped")} of months that were dropped`)
  for (const { name, origin, message } of found.verdicts)
    output.out(
      `  ${output.paint(name === "UNSEALED" || name === "DROPPED" ? "yellow" : "red", name)} ${origin}: ${message}`,
    )
  if (!found.anchored)
    output.out(
      "self-attested only: no checkpoint from outside was compared, so whoever holds the key could have rewritten it",
    )
}

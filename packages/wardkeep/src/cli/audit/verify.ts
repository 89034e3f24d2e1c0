import { resolve } from "node:path"
import type { KeptCheckpoint } from "@wardkeep/audit"
import type { BundleVerification, EventVerification, Verification } from "@wardkeep/audit/verify"
import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import { isStore, storeFrom, witnessLines } from "../../commands/audit/anchors.js"
import { kindOf, verifyProofFile, verifyTileFolder } from "../../commands/audit/tiles.js"
import { type Trusted, verifyFile, verifyLog, type Witnessed, witnessedIn } from "../../commands/audit/verify.js"
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
import { checkpointsOf, textsOf } from "./files.js"

interface VerifyFlags extends CommonOptions {
  readonly key?: string[]
  readonly anchor?: string[]
  readonly lost?: string[]
  readonly retired?: string[]
  readonly witness?: string[]
}

export function auditVerifyCommand(context: CommandContext): Command {
  const command = new Command("verify")
    .description(
      "Say by name what happened to the log. With a file or folder: no database, no network, no policy file.",
    )
    .argument("[file]", "a bundle, a .tlog-proof or a folder of tiles; without it the database is read")
  trusting(command)
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    "wardkeep audit verify --key seal.pub --anchor /mnt/elsewhere/checkpoint.txt",
    "wardkeep audit verify --key seal.pub --anchor s3://clinic-anchors/main --witness witness.txt",
    "wardkeep audit verify --key seal.pub --anchor checkpoint.txt --lost before-the-restore.txt",
    "wardkeep audit verify case-17.wkbundle --key seal.pub --anchor checkpoint.txt",
    "wardkeep audit verify event-4711.tlog-proof --key seal-2026.pub seal.pub --retired last-of-2026.txt",
    "wardkeep audit verify /srv/log --key seal.pub --anchor checkpoint.txt",
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
    const stores = await storesOf(flags, context)
    const files = await checkpointsOf(flags.anchor?.filter((anchor) => !isStore(anchor)) ?? [], context)
    const lost = await checkpointsOf(flags.lost ?? [], context)
    const trusted = {
      keys,
      lost,
      retired: await checkpointsOf(flags.retired ?? [], context),
      anchors: [...files, ...stores.flatMap(({ kept }) => kept.map((each) => each.checkpoint))],
    }
    const witnesses = await textsOf(flags.witness, context)
    const vkeys = witnessLines(witnesses).map(({ vkey }) => vkey)
    const found =
      file === undefined
        ? await verifyLog({
            ...trusted,
            witnesses,
            policy: (await policyOf(flags, context)).policy,
            connection: connectionOf(flags, context),
          })
        : await verifyShown({ ...trusted, path: resolve(surroundings.folder, file), shown: file })
    if (!found.ok) context.exitWith(1)
    const witnessed = witnessedIn({ ...trusted, vkeys })
    if (flags.json) return printJson(output, { ...found, selfAttestedOnly: !found.anchored, witnessed })
    print(found, output)
    printAnchors(stores, witnessed, output)
  })
}

/** Whom and what the reader brings along. */
function trusting(command: Command): Command {
  return command
    .option(
      "--key <file...>",
      "Ed25519 public keys in PEM that you trust; default WARDKEEP_AUDIT_PUBLIC_KEY (PEM text)",
    )
    .option("--anchor <anchor...>", "checkpoints that were kept elsewhere: files, or s3://bucket/prefix")
    .option(
      "--lost <file...>",
      "checkpoints of which you know that what they sign was lost in a restore; accepted where the log itself declares it",
    )
    .option(
      "--retired <file...>",
      "last checkpoints of keys that were retired (rotate-key --last): what such a key signed later is KEY_UNKNOWN",
    )
    .option(
      "--witness <file...>",
      "C2SP witnesses, one line each: key and address. A database is shown to them; a bundle is not",
    )
}

/** What is said and is no fault. */
const told: ReadonlySet<string> = new Set(["UNSEALED", "DROPPED", "REBASED"])

async function verifyShown(
  shown: Trusted & { readonly path: string; readonly shown: string },
): Promise<Verification | BundleVerification | EventVerification> {
  const kind = await kindOf(shown.path)
  if (kind === "proof") return await verifyProofFile(shown)
  return kind === "tiles" ? await verifyTileFolder(shown) : await verifyFile(shown)
}

function print(found: Verification | BundleVerification | EventVerification, output: Output): void {
  if ("made" in found) output.out(`${found.log}; made ${found.made} by its own word, which nobody signed`)
  if ("event" in found) {
    const { id, verb, relation, at_us } = found.event
    const at = new Date(Number(at_us) / 1000)
    const when = Number.isNaN(at.getTime()) ? "at no time" : `at ${at.toISOString()}`
    output.out(`${found.log}, leaf ${found.leaf}: event ${id}, ${verb} ${relation} ${when}`)
  }
  const sum = (part: "size" | "withheld" | "erased" | "dropped"): number =>
    found.logs.reduce((n, log) => n + log[part], 0)
  const word = found.ok ? output.paint("green", "OK") : output.paint("red", "NOT OK")
  output.out(`${word} ${countOf(found.logs.length, "log")}, ${countOf(sum("size"), "leaf").replace("leafs", "leaves")}`)
  if (sum("withheld") > 0) output.out(`  ${sum("withheld")} shown as a hash only`)
  if (sum("erased") > 0) output.out(`  ${sum("erased")} with commitments in the place of a person, as after an erasure`)
  if (sum("dropped") > 0) output.out(`  ${sum("dropped")} of months that were dropped`)
  if ("absent" in found && found.absent > 0)
    output.out(`  ${countOf(found.absent, "other log")} of this deployment not in the bundle`)
  for (const { name, origin, message } of found.verdicts)
    output.out(`  ${output.paint(told.has(name) ? "yellow" : "red", name)} ${origin}: ${message}`)
  if (!found.anchored)
    output.out(
      "self-attested only: no checkpoint from outside was compared, so whoever holds the key could have rewritten it",
    )
}

interface AskedStore {
  readonly name: string
  readonly kept: readonly KeptCheckpoint[]
}

async function storesOf(flags: VerifyFlags, context: CommandContext): Promise<AskedStore[]> {
  const addresses = flags.anchor?.filter(isStore) ?? []
  const stores = addresses.map((address) => storeFrom(address, connectionOf(flags, context), 1))
  return await Promise.all(stores.map(async (store) => ({ name: store.name, kept: await store.kept() })))
}

function printAnchors(stores: readonly AskedStore[], witnessed: readonly Witnessed[], output: Output): void {
  for (const { name, kept } of stores) {
    const open = kept.filter(
      ({ lockedUntil }) => lockedUntil === undefined || lockedUntil.getTime() < Date.now(),
    ).length
    output.out(
      `${name}: ${countOf(kept.length, "checkpoint")}${open === 0 ? "" : `, ${open} of them not locked (any more)`}`,
    )
  }
  for (const { name, at, leaves } of witnessed)
    output.out(`cosigned by ${name} at ${at.toISOString()}: ${leaves} leaves`)
}

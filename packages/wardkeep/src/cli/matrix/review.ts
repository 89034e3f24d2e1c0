import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import { attest, checkAttested, parseReview } from "../../commands/matrix/review/attest.js"
import { type Review, review, type Signal } from "../../commands/matrix/review/review.js"
import { decisionsOf, sheetOf } from "../../commands/matrix/review/sheet.js"
import { textOf } from "../../commands/verify-report.js"
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
import type { Output } from "../output.js"
import { writeTo } from "../report-output.js"

interface ReviewFlags extends CommonOptions {
  readonly tenant?: string
  readonly unusedDays?: string
  readonly csv?: string
  readonly from?: string
  readonly decisions?: string
  readonly sign?: string
  readonly by?: string
  readonly statement?: string
  readonly out?: string
  readonly check?: string
  readonly key?: string
}

export function reviewCommand(context: CommandContext): Command {
  const command = new Command("review")
    .description(
      "Who holds which role, granted by whom, until when, last signed in when; what is unused; signs of shared logins. Reads no row of a patient. With --sign somebody answers for it. --from and --check need no database.",
    )
    .option("--tenant <id>", "one clinic only")
    .option("--unused-days <n>", "days without a session after which an assignment is unused; default 90")
    .option("--csv <file>", "write the assignments as a sheet, with columns to decide in")
    .option("--from <file>", "take the review that --out wrote earlier, instead of making one")
    .option("--decisions <file>", "with --from: the sheet of that review, filled in: keep or revoke in each line")
    .option("--sign <file>", "sign it with an Ed25519 private key in PEM; needs --by, --statement and --out")
    .option("--by <name>", "with --sign: who answers for it")
    .option("--statement <text>", "with --sign: what they say, such as what was taken away")
    .option("--out <file>", "where the review goes, signed or not (JSON)")
    .option("--check <file>", "check a signed review with --key instead")
    .option("--key <file>", "with --check: the signer's public key in PEM")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL, then WARDKEEP_ADMIN_URL"), [
    "wardkeep matrix review --tenant $CLINIC --out review.json --csv review.csv",
    'wardkeep matrix review --from review.json --decisions review.csv --sign asha.pem --by "Dr. Asha Rao" --statement "ravi left" --out signed.json',
    "wardkeep matrix review --check signed.json --key asha.pub",
  ])
  return command.action(async (flags: ReviewFlags) => {
    if (flags.check !== undefined) return await check(flags.check, flags, context)
    await act(flags, context)
  })
}

async function act(flags: ReviewFlags, context: CommandContext): Promise<void> {
  const { output, surroundings } = context
  const { folder } = surroundings
  const { sign, by = "", statement = "", out } = flags
  if (sign !== undefined && out === undefined)
    throw new WardkeepError("WK009", { message: "--sign needs --out, the file that the signed review goes to" })
  const key = sign === undefined ? undefined : await textOf(sign, folder)
  const found = flags.from === undefined ? await made(flags, context) : await earlier(flags.from, flags, folder)
  const document = key === undefined ? found : attest(found, { by, statement }, key)
  if (out !== undefined) await writeTo(folder, out, `${JSON.stringify(document, null, 2)}\n`)
  if (flags.csv !== undefined) await writeTo(folder, flags.csv, sheetOf(found))
  if (flags.json) return printJson(output, found)
  print(found, output)
  if (key !== undefined) output.out(`Signed by ${by} and written to ${out}.`)
}

async function made(flags: ReviewFlags, context: CommandContext): Promise<Review> {
  if (flags.decisions !== undefined)
    throw new WardkeepError("WK009", { message: "--decisions needs --from, the review that was decided about" })
  const unusedDays = daysOf(flags.unusedDays)
  const { policy } = await policyOf(flags, context)
  return await review({ policy, connection: connectionOf(flags, context), tenant: flags.tenant, unusedDays })
}

async function earlier(from: string, flags: ReviewFlags, folder: string): Promise<Review> {
  if (flags.tenant !== undefined || flags.unusedDays !== undefined)
    throw new WardkeepError("WK009", { message: "--tenant and --unused-days were chosen when the review was made" })
  const found = parseReview(await textOf(from, folder))
  if (flags.decisions === undefined) return found
  return { ...found, decisions: decisionsOf(found, await textOf(flags.decisions, folder)) }
}

async function check(
  file: string,
  { key, json }: ReviewFlags,
  { output, surroundings }: CommandContext,
): Promise<void> {
  if (key === undefined) throw new WardkeepError("WK009", { message: "--check needs --key, the signer's public key" })
  const { folder } = surroundings
  const found = checkAttested(await textOf(file, folder), await textOf(key, folder))
  if (json) return printJson(output, found)
  const { by, statement } = found.attestation
  output.out(
    `${output.paint("green", "valid")}, by key ${found.signature.keyId}: ${by} on the review of ${found.review.at}`,
  )
  output.out(`  ${statement}`)
  const { decisions, assignments } = found.review
  if (decisions === undefined) return output.out("  no decisions about single assignments are in it")
  const revoked = decisions.filter(({ decision }) => decision === "revoke").map(({ assignment }) => assignment)
  output.out(`  decided about ${decisions.length} assignments, ${revoked.length} of them to be revoked`)
  for (const one of assignments.filter(({ id }) => revoked.includes(id)))
    output.out(`  → ${one.actor} as ${one.role} in ${one.tenant}, ${one.scope}`)
}

function daysOf(text = "90"): number {
  const days = Number(text)
  if (Number.isInteger(days) && days > 0 && days <= 365) return days
  throw new WardkeepError("WK009", { message: "--unused-days takes a whole number from 1 to 365" })
}

function print(
  { at, tenant, keptBy, assignments, people, leftOpen, sharedLogins, notRecorded }: Review,
  output: Output,
): void {
  output.out(output.paint("bold", `Access review, ${tenant === null ? "all clinics" : `clinic ${tenant}`}, ${at}`))
  for (const one of assignments) {
    const until = one.validUntil === null ? "without an end" : `until ${one.validUntil}`
    output.out(`  ${one.actor} as ${one.role} in ${one.tenant}, ${one.scope}, ${until}`)
    output.out(
      `    granted by ${one.grantedBy} as ${one.grantedAs} on ${one.grantedAt}; last session ${one.lastSession ?? "none recorded"}`,
    )
    for (const note of one.notes) output.out(`    ${output.paint("yellow", "→")} ${note}`)
  }
  if (assignments.length === 0)
    output.out(keptBy === "host" ? "  kept by your application" : "  nobody is assigned anything")
  heading(
    "People with sessions",
    people.map(
      ({ actor, lastSession, openRoles }) =>
        `${actor}, last ${lastSession}${openRoles.length === 0 ? "" : `, open now as ${openRoles.join(", ")}`}`,
    ),
  )
  heading("Open although nothing is assigned", leftOpen.map(signalLine))
  heading("Signs of a shared login, which prove nothing", sharedLogins.map(signalLine))
  heading("Not recorded", notRecorded)

  function heading(title: string, lines: readonly string[]): void {
    output.out(output.paint("bold", title))
    for (const line of lines.length === 0 ? ["none"] : lines) output.out(`  ${line}`)
  }
}

function signalLine({ actor, seen }: Signal): string {
  return `${actor}: ${seen}`
}

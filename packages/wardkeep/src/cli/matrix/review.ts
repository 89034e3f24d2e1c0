import { WardkeepError } from "@wardkeep/core"
import { writeCsv } from "@wardkeep/permissions"
import { Command } from "commander"
import { attest, checkAttested } from "../../commands/matrix/review/attest.js"
import { type Review, review, type Signal } from "../../commands/matrix/review/review.js"
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
      "Who holds which role, granted by whom, until when, last signed in when; what is unused; signs of shared logins. Reads no row of a patient. With --sign somebody answers for it; --check needs no database.",
    )
    .option("--tenant <id>", "one clinic only")
    .option("--unused-days <n>", "days without a session after which an assignment is unused; default 90")
    .option("--csv <file>", "write the assignments as a sheet")
    .option("--sign <file>", "sign it with an Ed25519 private key in PEM; needs --by, --statement and --out")
    .option("--by <name>", "with --sign: who answers for it")
    .option("--statement <text>", "with --sign: what they say, such as what was taken away")
    .option("--out <file>", "with --sign: where the signed review goes (JSON)")
    .option("--check <file>", "check a signed review with --key instead")
    .option("--key <file>", "with --check: the signer's public key in PEM")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL, then WARDKEEP_ADMIN_URL"), [
    "wardkeep matrix review --csv review.csv",
    'wardkeep matrix review --tenant $CLINIC --sign asha.pem --by "Dr. Asha Rao" --statement "nothing to take away" --out review.json',
    "wardkeep matrix review --check review.json --key asha.pub",
  ])
  return command.action(async (flags: ReviewFlags) => {
    if (flags.check !== undefined) return await check(flags.check, flags, context)
    await act(flags, context)
  })
}

async function act(flags: ReviewFlags, context: CommandContext): Promise<void> {
  const { output, surroundings } = context
  const { folder } = surroundings
  const unusedDays = daysOf(flags.unusedDays)
  const { sign, by = "", statement = "", out } = flags
  if (sign !== undefined && out === undefined)
    throw new WardkeepError("WK009", { message: "--sign needs --out, the file that the signed review goes to" })
  const key = sign === undefined ? undefined : await textOf(sign, folder)
  const { policy } = await policyOf(flags, context)
  const found = await review({ policy, connection: connectionOf(flags, context), tenant: flags.tenant, unusedDays })
  if (key !== undefined && out !== undefined)
    await writeTo(folder, out, `${JSON.stringify(attest(found, { by, statement }, key), null, 2)}\n`)
  if (flags.csv !== undefined) await writeTo(folder, flags.csv, sheet(found))
  if (flags.json) return printJson(output, found)
  print(found, output)
  if (out !== undefined && key !== undefined) output.out(`Signed by ${by} and written to ${out}.`)
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
}

function daysOf(text = "90"): number {
  const days = Number(text)
  if (Number.isInteger(days) && days > 0 && days <= 365) return days
  throw new WardkeepError("WK009", { message: "--unused-days takes a whole number from 1 to 365" })
}

const unusedWords = { true: "unused", false: "used", null: "too new to say" } as const

function sheet({ assignments }: Review): string {
  const head = ["clinic", "actor", "role", "scope", "from", "until", "granted by", "granted as", "granted at", "reason"]
  const lines = assignments.map((one) => [
    ...[one.tenant, one.actor, one.role, one.scope, one.validFrom, one.validUntil ?? "", one.grantedBy, one.grantedAs],
    ...[one.grantedAt, one.reason, one.lastSession ?? "", unusedWords[`${one.unused}`], one.notes.join("; ")],
  ])
  return writeCsv([[...head, "last session", "use", "notes"], ...lines])
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

import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import { type Answer, prompt } from "../commands/psql.js"
import { type CommandContext, examples, policyOf, withPolicy } from "./command-context.js"
import { countOf } from "./findings.js"
import { secondFactorOf, withSecondFactor } from "./second-factor.js"

interface PsqlFlags {
  readonly policy?: string
  readonly as: string
  readonly actor: string
  readonly branch: string
  readonly reason: string
  readonly tenant?: string
  readonly purpose?: string
  readonly minutes?: string
  readonly secondFactor?: string
}

export function psqlCommand(context: CommandContext): Command {
  const command = new Command("psql")
    .description(
      "Type SQL as one role in one branch, with the application's login and a session that is recorded, ends by itself and sees what the role sees. Needs no psql; statements end with a semicolon, \\q leaves. Each is a transaction of its own. Exit code 1 when one was refused.",
    )
    .requiredOption("--as <role>", "a role of the policy file that the actor holds")
    .requiredOption("--actor <id>", "who: recorded with the session and with what it writes")
    .requiredOption("--branch <id>", "the branch that it stands in")
    .requiredOption("--reason <text>", "why; recorded with the session")
    .option("--tenant <id>", "the branch's clinic, where there are several")
    .option("--purpose <name>", "for which purpose; default the first of the role")
    .option("--minutes <n>", "how long it lasts, from 1 to 60; default 15")
    .addHelpText(
      "after",
      "\nIt reads WARDKEEP_APP_URL, WARDKEEP_ISSUER_URL, WARDKEEP_KEY_ID and WARDKEEP_SIGNING_KEY: whoever has the issuer's key can be anybody.",
    )
  examples(withPolicy(withSecondFactor(command)), [
    'wardkeep psql --as reception --actor asha --branch $NORTH --reason "ticket 4711"',
    'wardkeep psql --as auditor --actor ravi --branch $NORTH --reason "monthly count" --minutes 5 < counts.sql',
  ])
  return command.action(async (flags: PsqlFlags) => await act(flags, context))
}

async function act(flags: PsqlFlags, context: CommandContext): Promise<void> {
  const { output, surroundings } = context
  const { as: role, actor, branch, tenant, purpose, reason } = flags
  const minutes = minutesOf(flags.minutes)
  const mfaAt = secondFactorOf(flags.secondFactor)
  const { policy } = await policyOf(flags, context)
  const { env, stdin, stderr } = surroundings
  const end = await prompt({
    ...{ policy, env, actor, role, branch, tenant, purpose, reason, minutes, mfaAt, input: stdin },
    prompt: (text) => {
      if (stdin.isTTY) stderr.write(`${role}@${branch}${text}`)
    },
    show: (answer) => output.out(shown(answer)),
    refused: ({ code, message }) => output.err(plain(message.startsWith(code) ? message : `${code} ${message}`)),
  })
  const said = `${countOf(end.statements, "statement")}, ${end.refused} refused`
  output.err(`Session ${end.session} of ${actor} is over, because ${end.why}: ${said}.`)
  context.exitWith(end.refused > 0 ? 1 : 0)
}

function minutesOf(text = "15"): number {
  const minutes = Number(text)
  if (Number.isInteger(minutes) && minutes > 0 && minutes <= 60) return minutes
  throw new WardkeepError("WK009", { message: "--minutes takes a whole number from 1 to 60" })
}

function shown({ columns, rows, count }: Answer): string {
  const lines = rows.map((row) => columns.map((column) => plain(textOf(row[column]))).join(" | "))
  const head = columns.length === 0 ? [] : [columns.map(plain).join(" | ")]
  return [...head, ...lines, `(${countOf(count ?? rows.length, "row")})`].join("\n")
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ""
  if (value instanceof Date) return value.toISOString()
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}

/** What stands in a row must not steer the terminal. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, "\ufffd")
}

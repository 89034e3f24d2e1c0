import { WardkeepError } from "@wardkeep/core"
import type { Command } from "commander"

/** For commands that work as a person of the policy file. */
export function withSecondFactor(command: Command): Command {
  return command.option(
    "--second-factor <time>",
    "when you checked a second factor of the actor, ISO 8601 with a zone, for a role that asks for one; recorded with the reason",
  )
}

/** @throws WK009 not a time with its zone */
export function secondFactorOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)))
    return new Date(text)
  throw new WardkeepError("WK009", { message: "--second-factor takes a time such as 2026-11-28T09:30:00+05:30" })
}

import { parseArgs } from "node:util"

export interface DemoOptions {
  readonly once: boolean
  readonly json: string | undefined
  readonly port: number
  readonly patients: number
}

export const usage = `npm run demo -- [--once] [--json FILE] [--port N] [--patients N]

  --once         end after the attempts instead of staying up
  --json FILE    write the outcome of every attempt
  --port N       where the API listens (default: a free port)
  --patients N   how many patients to make (default 20000)

WARDKEEP_DATABASE_URL uses a server of yours (a superuser's URL: the demo checks its own results with it).
`

/** @throws Error with the usage when a flag is unknown or a number is not one */
export function demoOptions(args: readonly string[]): DemoOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: "boolean", default: false },
      json: { type: "string" },
      port: { type: "string", default: "0" },
      patients: { type: "string", default: "20000" },
      help: { type: "boolean", default: false },
    },
  })
  if (values.help) return "help"
  return {
    once: values.once,
    json: values.json,
    port: number(values.port, "--port", 0, 65_535),
    patients: number(values.patients, "--patients", 200, 1_000_000),
  }
}

function number(text: string, flag: string, low: number, high: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= low && value <= high) return value
  throw new Error(`${flag} takes a number from ${low} to ${high}, not ${text}`)
}

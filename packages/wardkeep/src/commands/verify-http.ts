import { readFileSync } from "node:fs"
import { basename, resolve } from "node:path"
import {
  applyBaseline,
  mergeAccounts,
  parseAccount,
  parseBaseline,
  parseHar,
  parseOpenApi,
  parseScope,
  type Recording,
  type Report,
  verifyHttp,
} from "@wardkeep/conformance"
import { type Code, WardkeepError } from "@wardkeep/core"

export interface VerifyHttpOptions {
  /** `FILE` or `NAME=FILE`; the account is called as the file unless it is named. */
  readonly har: readonly string[]
  readonly openapi?: string | undefined
  /** `NAME=Header: value` or `NAME=@FILE`. */
  readonly as: readonly string[]
  readonly scope: string
  readonly baseUrl?: string | undefined
  /** File of the findings that are accepted, each with a reason and a day. */
  readonly baseline?: string | undefined
  /** Where relative names start. */
  readonly folder: string
  readonly version: string
  readonly progress?: (text: string) => void
}

/**
 * Tests a running system over HTTP with the accounts that recorded or named themselves.
 *
 * @throws WK750 to WK755 · WK009 nothing says what to ask · WK770 the baseline
 */
export async function runVerifyHttp(options: VerifyHttpOptions): Promise<Report> {
  const { folder, version, progress } = options
  // Read first: a baseline that is wrong is said before anything is asked.
  const accepted = options.baseline === undefined ? undefined : parseBaseline(read(folder, options.baseline, "WK009"))
  const scope = parseScope(read(folder, options.scope, "WK752"), options.scope)
  const recordings = options.har.map((text): Recording => {
    const [, named, file = text] = /^([\w-]+)=(.+)$/.exec(text) ?? []
    return parseHar(read(folder, file, "WK750"), named ?? basename(file).replace(/\.(har|json)$/i, ""), file)
  })
  const given = options.as.map((text) => parseAccount(text, (path) => read(folder, path, "WK754")))
  const api =
    options.openapi === undefined ? undefined : parseOpenApi(read(folder, options.openapi, "WK751"), options.openapi)
  if (api === undefined && recordings.length === 0)
    throw new WardkeepError("WK009", { message: "nothing says what to ask: give --har for each account, or --openapi" })
  const report = await verifyHttp({
    accounts: mergeAccounts([...recordings.map(({ account }) => account), ...given]),
    recorded: recordings.flatMap(({ exchanges }) => exchanges),
    scope,
    version,
    ...(api === undefined ? {} : { api }),
    ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }),
    ...(progress === undefined ? {} : { progress }),
  })
  return accepted === undefined ? report : applyBaseline(report, accepted, new Date())
}

function read(folder: string, file: string, code: Code): string {
  try {
    return readFileSync(resolve(folder, file), "utf8")
  } catch (error) {
    throw new WardkeepError(code, { message: `${file} cannot be read`, cause: error })
  }
}

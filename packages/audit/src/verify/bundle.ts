import type { KeyObject } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import { is32 } from "./base64.js"
import { readLeaf } from "./bundle-leaf.js"
import { Lines } from "./bundle-lines.js"
import { neverSealed, requireKnown, type ShownLog, type VerifiedLogs, verifyLogs } from "./deployment.js"
import { members } from "./json.js"
import { keptOf } from "./kept.js"
import type { Pages, ShownLeaf } from "./log.js"
import { type Checkpoint, readCheckpoint } from "./note.js"
import { requireSameDeployment } from "./same-deployment.js"
import { type Verdict, type Verification, verification } from "./verdict.js"

export interface VerifyBundleOptions {
  /** The bytes of the file, in pieces of any size. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** From somebody you trust, never from whoever handed over the bundle. */
  readonly keys: readonly KeyObject[]
  /** Checkpoints of these logs that were kept elsewhere. Without any, whoever holds the key could have written everything anew. */
  readonly anchors?: readonly string[]
  /** Checkpoints of which you know that what they sign beyond a restored state was lost: accepted where the log declares it so. */
  readonly lost?: readonly string[]
  /** The last checkpoint of each key that was retired, as `rotate-key --last` kept it: what such a key signed later is KEY_UNKNOWN, whatever is shown says. */
  readonly retired?: readonly string[]
}

export interface BundleVerification extends Verification {
  /** The deployment's log, as its newest checkpoint names it. */
  readonly log: string
  /** When the bundle was made, says whoever made it: nobody signed that. */
  readonly made: string
  /** Whose logs are shown, the deployment's first, which has no tenant. */
  readonly tenants: readonly string[]
  /** Logs of other tenants of this deployment, of which nothing is shown. */
  readonly absent: number
}

/**
 * Verifies what somebody handed over, with neither database nor network; memory does not grow with the bundle.
 *
 * @throws WK405 truncated, damaged, or no bundle · WK406 an anchor is of another deployment · WK407 unknown version · WK457 `retired`
 * @example
 * const { ok, verdicts } = await verifyBundle({ bytes: createReadStream(file), keys: trustedKeys([pem]), anchors: [kept] })
 */
export async function verifyBundle(options: VerifyBundleOptions): Promise<BundleVerification> {
  const { bytes, keys } = options
  const lines = new Lines(bytes)
  const header = readHeader(await lines.next())
  const kept = keptOf(options)
  const found = await verifyLogs(logsOf(lines, header, keys), kept, options)
  const { origin, logs, anchored, absent } = found
  requireSameDeployment(origin === neverSealed ? header.log : origin, kept, found.names)
  const verdicts = [...found.verdicts, ...misnamed(header.log, found)]
  requireKnown({ ...found, verdicts })
  const { made, tenants } = header
  return { ...verification(verdicts, logs, anchored), log: origin, made, tenants, absent }
}

/** No checkpoint signs the first line: it may say nothing else than they do. */
function misnamed(log: string, { origin }: VerifiedLogs): Verdict[] {
  if (log === origin && origin !== neverSealed) return []
  const message = "the first line of the bundle names another log than the newest checkpoint"
  return [{ name: "SPLIT_VIEW", origin, message }]
}

interface Header {
  readonly log: string
  readonly made: string
  /** The first is the deployment's own log. */
  readonly tenants: readonly string[]
}

function readHeader(read: unknown): Header {
  const line = lineOf(read)
  const { wardkeep, version, log, made, tenants } = line
  if (wardkeep !== "audit-bundle")
    throw new WardkeepError("WK405", { message: "this file is not a bundle of an audit log" })
  if (version !== 1)
    throw new WardkeepError("WK407", { message: "the bundle is of a version that this verifier does not know" })
  if (
    members(line) !== 5 ||
    typeof log !== "string" ||
    !isTime(made) ||
    !Array.isArray(tenants) ||
    tenants[0] !== "" ||
    !tenants.every((tenant): tenant is string => typeof tenant === "string") ||
    new Set(tenants).size !== tenants.length
  )
    throw new WardkeepError("WK405", { message: "the first line of the bundle is damaged" })
  return { log, made, tenants }
}

/** A time as `toISOString` writes it, and no other text: it is printed. */
function isTime(text: unknown): text is string {
  if (typeof text !== "string" || !/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/.test(text)) return false
  const time = new Date(text)
  return !Number.isNaN(time.getTime()) && time.toISOString() === text
}

function originOf(log: string, tenant: string): string {
  return tenant === "" ? log : `${log}/${encodeURIComponent(tenant)}`
}

/** Each log ends where the next one begins; the last one where the bundle does, whose hash is checked there. */
async function* logsOf(lines: Lines, header: Header, keys: readonly KeyObject[]): AsyncIterable<ShownLog> {
  let line = lineOf(await lines.next())
  for (const tenant of header.tenants) {
    if (line.tenant !== tenant || !is32(line.seed) || members(line) !== 2) throw lines.damaged()
    const seed = Buffer.from(line.seed, "base64")
    const checkpoints: Checkpoint[] = []
    const faults: Verdict[] = []
    line = lineOf(await lines.next())
    for (; "checkpoint" in line; line = lineOf(await lines.next())) {
      if (typeof line.checkpoint !== "string" || members(line) !== 1) throw lines.damaged()
      const read = readCheckpoint(line.checkpoint, keys)
      const origin = originOf(header.log, tenant)
      if (read !== undefined) checkpoints.push(read)
      else faults.push({ name: "EDITED", origin, message: "a checkpoint is not a checkpoint" })
    }
    const ready = function* (): Iterable<ShownLeaf> {
      for (; "leaf" in line; line = lineOf(lines.ready())) yield readLeaf(line, tenant, lines)
    }
    const leaves = async function* (): Pages {
      while ("leaf" in line) {
        yield ready()
        if (line === unread) line = lineOf(await lines.next())
      }
    }
    yield { tenant, seed, checkpoints, faults, leaves: leaves() }
  }
  const { end } = line
  if (members(line) !== 1 || end !== lines.hashBefore || !(await lines.atEnd())) throw lines.damaged()
}

type Line = Readonly<Record<string, unknown>>

/** No line yet: the next one has not come as a whole. */
const unread: Line = {}
const empty: Line = {}

const isObject = (line: unknown): line is Line => typeof line === "object" && line !== null

/** Not a copy, which would cost as much as a hash. */
function lineOf(read: unknown): Line {
  return read === undefined ? unread : isObject(read) ? read : empty
}

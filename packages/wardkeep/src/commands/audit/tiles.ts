import { readFile, stat } from "node:fs/promises"
import { type EventProof, proveEvent, type Tiles, tileFolder, writeTiles } from "@wardkeep/audit"
import {
  type EventVerification,
  trustedKeys,
  type Verification,
  verifyProof,
  verifyTiles,
} from "@wardkeep/audit/verify"
import { type Policy, WardkeepError } from "@wardkeep/core"
import type { Connection } from "../../connection/owner.js"
import { withAuditLog } from "./owner.js"
import type { Trusted } from "./verify.js"
import { requireNew, wholeFile } from "./whole-file.js"

interface Where {
  readonly policy: Policy
  readonly connection: Connection
  readonly path: string
  /** The file or folder as the caller named it. */
  readonly shown: string
}

/**
 * Writes what is new of a log as static C2SP tlog-tiles.
 *
 * @throws WK408 nothing sealed · WK454 the folder holds another log · WK009 the folder · WK002 · WK005 · WK307
 */
export async function tiles({ policy, connection, path, shown, tenant }: Where & { tenant: string }): Promise<Tiles> {
  const store = tileFolder(path, shown)
  const { deployment } = policy
  return await withAuditLog(connection, policy, (client) => writeTiles({ client, deployment, tenant, store }))
}

export interface ProofFileOptions extends Where {
  readonly event: string
  readonly reason: string
  /** A checkpoint that was kept elsewhere, under which the proof shall stand. */
  readonly under?: string
}

/**
 * Writes the proof of one event to a file that appears only when it is whole.
 *
 * @throws WK455 there is no proof · WK009 the file or the reason · WK002 · WK005 · WK307
 */
export async function proof(options: ProofFileOptions): Promise<Omit<EventProof, "text">> {
  const { policy, connection, path, shown, ...asked } = options
  // Before the act is recorded.
  await requireNew(path, shown)
  const { text, ...made } = await withAuditLog(connection, policy, (client) => proveEvent({ client, ...asked }))
  await wholeFile(path, shown, (write) => write(text))
  return made
}

interface Shown extends Trusted {
  readonly path: string
  readonly shown: string
}

/** What a file or folder is, by what is in it; a bundle unless it says otherwise. */
export async function kindOf(path: string): Promise<"bundle" | "proof" | "tiles"> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) return "tiles"
  return path.endsWith(".tlog-proof") ? "proof" : "bundle"
}

/**
 * Verifies a folder of tiles with neither database nor network.
 *
 * @throws WK402 a key · WK405 no checkpoint · WK406 another deployment · WK407 unknown version · WK457 `retired` · WK009
 */
export async function verifyTileFolder({ path, shown, keys, anchors, retired = [] }: Shown): Promise<Verification> {
  const store = tileFolder(path, shown)
  return await verifyTiles({ read: store.read, keys: trustedKeys(keys), anchors, retired })
}

/** No honest proof is longer: of a view of 100,000 persons it has some 6 MB. */
const longest = 64 * 1024 * 1024

/**
 * Verifies the proof of one event with neither database nor network.
 *
 * @throws WK402 a key · WK405 truncated, damaged, or none · WK406 another deployment · WK407 unknown version · WK457 `retired` · WK009 no such file
 */
export async function verifyProofFile({ path, shown, keys, anchors, retired = [] }: Shown): Promise<EventVerification> {
  const trusted = trustedKeys(keys)
  const unreadable = (cause: unknown): never => {
    throw new WardkeepError("WK009", { message: `${shown} cannot be read`, hint: "Check the file's name.", cause })
  }
  const { size } = await stat(path).catch(unreadable)
  if (size > longest) throw new WardkeepError("WK405", { message: `${shown} is too long to be a proof` })
  const text = await readFile(path, "utf8").catch(unreadable)
  return verifyProof({ text, keys: trusted, anchors, retired })
}

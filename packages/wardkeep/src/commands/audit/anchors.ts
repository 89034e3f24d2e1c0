import {
  type Anchor,
  type S3Anchor,
  s3Anchor,
  s3PlaceFrom,
  type WitnessAnchor,
  type WitnessOptions,
  witnessAnchor,
} from "@wardkeep/audit"
import type { Verdict } from "@wardkeep/audit/verify"
import { type Policy, WardkeepError } from "@wardkeep/core"
import type { Connection } from "../../connection/owner.js"
import { withAuditLog } from "./owner.js"

/** What names an object store among the anchors that are files. */
export const isStore = (anchor: string): boolean => /^s3:\/\//i.test(anchor)

export interface Anchors {
  /** `s3://bucket/prefix`. */
  readonly stores: readonly string[]
  /** What the files say that name a witness: its C2SP vkey and its address, one line each. */
  readonly witnesses: readonly string[]
  /** How long a store keeps each checkpoint. In days. */
  readonly retainDays: number
}

/**
 * A store with the credentials of the environment.
 *
 * @throws WK453 · WK009
 */
export function storeFrom(address: string, connection: Connection, retainDays: number): S3Anchor {
  return s3Anchor({ ...s3PlaceFrom(address, connection.env), retainDays })
}

/**
 * Witnesses whose proofs are read over connections of their own, so that none of the sealer's queries waits for them.
 *
 * @throws WK453
 */
export function witnessesFrom(texts: readonly string[], connection: Connection, policy: Policy): WitnessAnchor[] {
  const reading: WitnessOptions["reading"] = (work) => withAuditLog(connection, policy, work)
  return witnessLines(texts).map((line) => witnessAnchor({ ...line, reading }))
}

/** @throws WK453 a line is not a key and an address */
export function witnessLines(texts: readonly string[]): { vkey: string; address: string }[] {
  const lines = texts.flatMap((text) => text.split("\n")).map((line) => line.trim())
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [vkey = "", address = "", more] = line.split(/\s+/)
      if (address !== "" && more === undefined) return { vkey, address }
      throw new WardkeepError("WK453", {
        message: "a line about a witness is its key and its address, and nothing else",
      })
    })
}

/**
 * Shows each witness the newest checkpoint. One that cosigned more, or other leaves, is a verdict; one that does not answer is an
 * error, because then nothing is known. `compared` is false where each sees this log for the first time.
 *
 * @throws WK448 · WK449 · WK452 · WK453
 */
export async function askWitnesses(
  checkpoint: string,
  texts: readonly string[],
  connection: Connection,
  policy: Policy,
): Promise<{ verdicts: Verdict[]; compared: boolean }> {
  const [origin = ""] = checkpoint.split("\n")
  const verdicts: Verdict[] = []
  let compared = false
  for (const witness of witnessesFrom(texts, connection, policy)) {
    try {
      await witness.keep(checkpoint)
      compared ||= witness.knew > 0
    } catch (error) {
      if (!(error instanceof WardkeepError) || error.code !== "WK451") throw error
      const [, name, message = ""] = /^(ROLLED_BACK|SPLIT_VIEW): (.*)$/s.exec(error.message) ?? []
      verdicts.push({ name: name === "ROLLED_BACK" ? name : "SPLIT_VIEW", origin, message })
      compared = true
    }
  }
  return { verdicts, compared }
}

export function anchorsFrom(anchors: Anchors, connection: Connection, policy: Policy): Anchor[] {
  return [
    ...anchors.stores.map((address) => storeFrom(address, connection, anchors.retainDays)),
    ...witnessesFrom(anchors.witnesses, connection, policy),
  ]
}

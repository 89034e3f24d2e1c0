import { WardkeepError } from "@wardkeep/core"

/** A place outside of the database, and out of reach of who administers it, that remembers checkpoints. */
export interface Anchor {
  /** For messages and logs. */
  readonly name: string
  /**
   * Hands over a checkpoint and makes sure that it is kept.
   *
   * @returns the checkpoint, with what the anchor added: a witness adds its cosignature
   * @throws WK448 no answer · WK449 refused · WK450 not kept · WK451 another history · WK452 a cosignature that does not hold
   */
  keep(checkpoint: string): Promise<string>
}

/** What a checkpoint says, for the writer's side; whether it is true is the verifier's question. */
export interface Head {
  readonly origin: string
  readonly size: number
  /** Origin, size and root: what is signed. */
  readonly body: string
}

/** @throws WK009 it is no checkpoint */
export function headOf(checkpoint: string): Head {
  const [origin = "", size = "", root = ""] = checkpoint.split("\n")
  if (origin === "" || !/^\d{1,15}$/.test(size) || root === "" || !checkpoint.endsWith("\n"))
    throw new WardkeepError("WK009", { message: "what is to be anchored is not a checkpoint" })
  return { origin, size: Number(size), body: `${origin}\n${size}\n${root}\n` }
}

/** How long an anchor may take for one answer. */
export const patience = 10_000

/** No honest answer is longer: a page of 1,000 names of 1,024 bytes, each with its version. */
const longestAnswer = 4 * 1024 * 1024

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/**
 * One request to an anchor and its whole answer, within `timeout` milliseconds. Redirects are not followed: a request signed or
 * meant for one address is for no other.
 *
 * @throws WK448
 */
export async function answerOf(name: string, request: Request, timeout: number): Promise<Answer> {
  const late = AbortSignal.timeout(timeout)
  try {
    const response = await fetch(request, { signal: late, redirect: "manual" })
    const parts: Uint8Array[] = []
    let length = 0
    for await (const part of response.body ?? []) {
      length += part.length
      if (length > longestAnswer) throw new Error("the answer does not end")
      parts.push(part)
    }
    return { status: response.status, headers: response.headers, text: Buffer.concat(parts).toString("utf8") }
  } catch (cause) {
    const message = late.aborted
      ? `${name} did not answer within ${timeout / 1000} seconds`
      : `${name} cannot be reached`
    throw new WardkeepError("WK448", { message, cause })
  }
}

import { WardkeepError } from "@wardkeep/core"
import type { Context } from "../context/context.js"
import type { Session } from "../context/session.js"
import type { Issuer } from "../issue/issuer.js"

/** Who acts in a queued job. Plain JSON without a token: whoever reads the queue gains nothing. */
export interface QueuedContext {
  readonly version: 1
  readonly sessionId: string
  readonly actor: string
  readonly tenant: string
  readonly role: string
  readonly purpose: string
  readonly branch?: string
  readonly requestId?: string
}

export function queuedContext(context: Context): QueuedContext {
  const { sessionId, actor, tenant, role, purpose, branch, requestId } = context
  return {
    version: 1,
    sessionId,
    actor,
    tenant,
    role,
    purpose,
    ...(branch !== undefined && { branch }),
    ...(requestId !== undefined && { requestId }),
  }
}

/** Asks the issuer whether the session still holds the grant, and for a short token if it does. */
export async function reopened(issuer: Issuer, queued: QueuedContext): Promise<Session> {
  if (queued?.version !== 1)
    throw new WardkeepError("WK112", { message: "not a context that serializeContext returned" })
  return await issuer.reopenSession(queued)
}

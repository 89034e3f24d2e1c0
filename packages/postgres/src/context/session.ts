import { WardkeepError } from "@wardkeep/core"

/** One thing a session may act as: a role, for a purpose, in branches of one tenant. */
export interface SessionGrant {
  readonly tenant: string
  readonly branches: readonly string[]
  readonly role: string
  readonly dbRole: string
  readonly purpose: string
  /** Opaque and secret. Whoever holds it acts as the actor until it expires or is revoked. */
  readonly token: string
  readonly validUntil: string
}

/** What `issueSession` returns. Plain JSON: keep it in your own session store, on the server's side. */
export interface Session {
  readonly id: string
  readonly actor: string
  readonly expiresAt: string
  readonly grants: readonly SessionGrant[]
}

/** Chooses one grant of a session and may narrow it to one branch. */
export interface Scope {
  readonly tenant?: string
  readonly role?: string
  readonly purpose?: string
  /** One of the grant's branches. Narrows; never widens. */
  readonly branch?: string
  /** A label for logs and the audit log; not evidence. */
  readonly requestId?: string
}

const tokenForm = /^[a-z0-9]{47}$/
const checked = new WeakSet<object>()

/** @throws WK112 not a session that `issueSession` returned */
export function requireSession(value: Session): Session {
  if (typeof value !== "object" || value === null) throw malformed("a session is an object")
  if (checked.has(value)) return value
  if (!isText(value.id) || !isText(value.actor)) throw malformed("the session has no id or actor")
  if (!Array.isArray(value.grants) || value.grants.length === 0) throw malformed("the session has no grants")
  for (const grant of value.grants) requireGrant(grant)
  checked.add(value)
  return value
}

function requireGrant(grant: SessionGrant): void {
  if (typeof grant !== "object" || grant === null) throw malformed("a grant is not an object")
  const texts = [grant.tenant, grant.role, grant.dbRole, grant.purpose]
  if (!texts.every(isText)) throw malformed("a grant lacks tenant, role or purpose")
  if (typeof grant.token !== "string" || !tokenForm.test(grant.token)) throw malformed("a grant's token is malformed")
  if (!Array.isArray(grant.branches) || !grant.branches.every(isKey)) throw malformed("a grant lacks its branches")
}

/** One branch with an empty key must not end the sessions of the others; see `selectContext`. */
function isKey(value: unknown): value is string {
  return value === "" || isText(value)
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !value.includes("\0")
}

function malformed(message: string): WardkeepError {
  return new WardkeepError("WK112", { message })
}

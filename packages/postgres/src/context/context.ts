import { WardkeepError } from "@wardkeep/core"
import type { Step } from "../client/wire/statement.js"
import { requireSession, type Scope, type Session, type SessionGrant } from "./session.js"

/** Who acts, where, as what and why. Immutable; carries no secret that can be printed. */
export class Context {
  readonly tenant: string
  readonly branches: readonly string[]
  readonly branch: string | undefined
  readonly role: string
  readonly dbRole: string
  readonly purpose: string
  readonly actor: string
  readonly sessionId: string
  readonly requestId: string | undefined
  readonly #token: string
  /** The client's prologue for this context, written once. */
  #steps: readonly Step[] | undefined
  #stepsFor: object | undefined

  constructor(session: Session, grant: SessionGrant, scope: Scope) {
    this.tenant = grant.tenant
    this.branch = scope.branch
    this.branches = scope.branch === undefined ? grant.branches : [scope.branch]
    this.role = grant.role
    this.dbRole = grant.dbRole
    this.purpose = grant.purpose
    this.actor = session.actor
    this.sessionId = session.id
    this.requestId = scope.requestId
    this.#token = grant.token
  }

  /** The steps `make` writes from the token; kept, because a request usually runs several statements. */
  steps(owner: object, make: (context: Context, token: string) => readonly Step[]): readonly Step[] {
    if (this.#steps === undefined || this.#stepsFor !== owner) {
      this.#steps = make(this, this.#token)
      this.#stepsFor = owner
    }
    return this.#steps
  }
}

/**
 * Picks the one grant that `scope` describes.
 *
 * @throws WK105 no grant holds the branch · WK110 none or several grants match · WK112 malformed session
 */
export function selectContext(session: Session, scope: Scope): Context {
  const { grants } = requireSession(session)
  const matching = grants.filter(
    (grant) =>
      (scope.tenant === undefined || grant.tenant === scope.tenant) &&
      (scope.role === undefined || grant.role === scope.role) &&
      (scope.purpose === undefined || grant.purpose === scope.purpose),
  )
  const { branch } = scope
  // In the setting that narrows, empty means all branches of the token.
  if (branch === "") throw new WardkeepError("WK105", { message: "a branch with an empty key cannot be chosen" })
  const holding = branch === undefined ? matching : matching.filter((grant) => grant.branches.includes(branch))
  const [first, second] = holding
  if (first === undefined) {
    if (matching.length > 0) throw new WardkeepError("WK105")
    throw new WardkeepError("WK110", { message: `the session holds no grant ${described(scope)}` })
  }
  if (second !== undefined) throw ambiguous(holding)
  return new Context(session, first, scope)
}

/** The context, or undefined where several grants match: a later `tx({ purpose })` may still choose. */
export function preselectContext(session: Session, scope: Scope): Context | undefined {
  try {
    return selectContext(session, scope)
  } catch (error) {
    if (error instanceof Ambiguous) return undefined
    throw error
  }
}

/** `narrow` on top of `scope`; what it names replaces what was named before. */
export function mergeScope(scope: Scope, narrow: Scope): Scope {
  return { ...scope, ...Object.fromEntries(Object.entries(narrow).filter(([, value]) => value !== undefined)) }
}

function described({ tenant, role, purpose }: Scope): string {
  const parts = [
    role === undefined ? "" : `as ${role}`,
    purpose === undefined ? "" : `for ${purpose}`,
    tenant === undefined ? "" : "in this tenant",
  ]
  return parts.filter((part) => part !== "").join(" ")
}

class Ambiguous extends WardkeepError {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Ambiguous.prototype
  }
}

function ambiguous(grants: readonly SessionGrant[]): WardkeepError {
  const differing = (["role", "purpose", "tenant"] as const).filter(
    (field) => new Set(grants.map((grant) => grant[field])).size > 1,
  )
  return new Ambiguous("WK110", {
    message: `${grants.length} grants of the session match: name ${differing.join(", ") || "the branch"}`,
  })
}

import { type Opened, policy } from "@wardkeep/example-express-clinic"
import type { Session } from "wardkeep"
import { setLogin } from "./cookies"
import { parts } from "./parts"

export const holdsBranch = ({ grants }: Session, branch: string): boolean =>
  grants.some(({ branches }) => branches.includes(branch))

/**
 * Signs this browser in, narrowed to a branch that it holds, unless the role reaches single persons only: this console is for
 * staff. Whether it did.
 */
export async function enter(opened: Opened, branch = ""): Promise<boolean> {
  const role = opened.session.grants[0]?.role
  if (policy.actors.some(({ name, confined }) => name === role && confined)) {
    await parts.issuer.endSession(opened.session.id, "this console is for staff")
    return false
  }
  await setLogin(parts.logins.add(opened, holdsBranch(opened.session, branch) ? branch : undefined))
  return true
}

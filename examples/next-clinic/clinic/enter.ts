import { type Opened, policy } from "@wardkeep/example-express-clinic"
import { setLogin } from "./cookies"
import { parts } from "./parts"

/** Signs this browser in, unless the role reaches single persons only: this console is for staff. Whether it did. */
export async function enter(opened: Opened): Promise<boolean> {
  const role = opened.session.grants[0]?.role
  if (policy.actors.some(({ name, confined }) => name === role && confined)) {
    await parts.issuer.endSession(opened.session.id, "this console is for staff")
    return false
  }
  await setLogin(parts.logins.add(opened))
  return true
}

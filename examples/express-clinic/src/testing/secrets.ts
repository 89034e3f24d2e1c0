import { createHash } from "node:crypto"
import { Secret } from "otpauth"
import { castPeople } from "../data/people.js"
import { makeWorld } from "../data/world.js"
import type { ClinicSecrets } from "../database/setup.js"

/** Several processes share one cluster and one template, so the secrets of the tests are the same in all of them. */
export const world = makeWorld({ patients: 400 })
export const secrets: ClinicSecrets = {
  people: castPeople(world, (part) => {
    const hex = createHash("sha256").update(part).digest("hex")
    const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
    return {
      id,
      password: `password of ${part}`,
      totpSecret: Secret.fromHex(hex.slice(0, 40)).base32,
    }
  }),
  passwords: {
    app: "app-of-the-tests",
    issuer: "issuer-of-the-tests",
    migrator: "migrator-of-the-tests",
    vendor: "vendor-of-the-tests",
  },
  keyId: "dem1",
  key: Buffer.alloc(32, 7),
}

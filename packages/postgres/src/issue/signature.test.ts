import { createHmac, randomBytes } from "node:crypto"
import { describe, expect, it } from "vitest"
import { seconds } from "./duration.js"
import { requireKey, signRequest } from "./signature.js"

describe("signed requests", () => {
  it("carry a nonce, a time and the mark of the key on their exact text", () => {
    const key = randomBytes(32)
    const { request, kid, mac } = signRequest("session", { actor: "asha" }, "k001", key)
    expect(kid).toBe("k001")
    expect(mac).toEqual(createHmac("sha256", key).update(`session:${request}`).digest())
    expect(JSON.parse(request)).toMatchObject({
      actor: "asha",
      nonce: expect.any(String),
      issued_at: expect.stringMatching(/Z$/),
    })
    expect(signRequest("session", {}, "k001", key).request).not.toBe(signRequest("session", {}, "k001", key).request)
  })

  it("need a whole key", () => {
    const key = randomBytes(32)
    expect(requireKey("k001", key.toString("hex"))).toEqual(key)
    expect(requireKey("k001", key.toString("base64"))).toEqual(key)
    for (const [id, bad] of [
      ["k001", "short"],
      ["k001", Buffer.alloc(31)],
      ["K001", key],
      ["k01", key],
    ] as const)
      expect(() => requireKey(id, bad)).toThrowError(expect.objectContaining({ code: "WK009" }))
  })

  it("read durations", () => {
    expect(seconds("PT1H30M")).toBe(5400)
    expect(seconds(60)).toBe(60)
    for (const bad of ["1h", "PT", 0, -1, Number.NaN]) expect(() => seconds(bad)).toThrow()
  })
})

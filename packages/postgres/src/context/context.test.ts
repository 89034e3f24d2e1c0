import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { mergeScope, preselectContext, selectContext } from "./context.js"
import type { Session, SessionGrant } from "./session.js"

const token = "k001".padEnd(47, "a")
const grant = (over: Partial<SessionGrant> = {}): SessionGrant => ({
  tenant: "t1",
  branches: ["b1", "b2"],
  role: "doctor",
  dbRole: "wk_main_r_doctor",
  purpose: "care",
  token,
  validUntil: "2030-01-01T00:00:00Z",
  ...over,
})
const session = (...grants: SessionGrant[]): Session => ({
  id: "s1",
  actor: "asha",
  expiresAt: "2030-01-01T00:00:00Z",
  grants,
})
const code = (code: string) => expect.objectContaining({ code })

describe("selectContext", () => {
  const two = session(grant(), grant({ purpose: "billing" }), grant({ tenant: "t2", branches: ["b9"], role: "owner" }))

  it("takes the one grant that the scope describes", () => {
    expect(selectContext(two, { role: "owner" }).tenant).toBe("t2")
    expect(selectContext(two, { purpose: "billing" }).purpose).toBe("billing")
    expect(selectContext(two, { branch: "b9" }).branches).toEqual(["b9"])
  })

  it("refuses several, none, and a branch that no grant holds", () => {
    expect(() => selectContext(two, {})).toThrowError(code("WK110"))
    expect(() => selectContext(two, { role: "nurse" })).toThrowError(code("WK110"))
    expect(() => selectContext(two, { role: "owner", branch: "b1" })).toThrowError(code("WK105"))
    expect(preselectContext(two, { tenant: "t1" })).toBeUndefined()
    expect(() => preselectContext(two, { role: "nurse" })).toThrowError(code("WK110"))
  })

  it("refuses what issueSession did not return", () => {
    for (const bad of [
      null,
      {},
      session(),
      session(grant({ token: "short" })),
      session(grant({ token: `${token}'` })),
      session(grant({ tenant: "" })),
      session(grant({ dbRole: "a\0b" })),
      { ...session(grant()), actor: 7 },
    ])
      expect(() => selectContext(bad as Session, {})).toThrowError(code("WK112"))
  })

  it("goes on where one branch of a grant has an empty key, but does not narrow to it: that would mean all of them", () => {
    const odd = session(grant({ branches: ["", "b1"] }))
    expect(selectContext(odd, { branch: "b1" }).branches).toEqual(["b1"])
    expect(selectContext(odd, {}).branches).toEqual(["", "b1"])
    expect(() => selectContext(odd, { branch: "" })).toThrowError(code("WK105"))
  })

  it("prints no token", () => {
    const context = selectContext(session(grant()), {})
    expect(`${JSON.stringify(context)} ${inspect(context, { depth: 9, showHidden: true })}`).not.toContain(token)
  })

  it("narrows by what is named only", () => {
    expect(mergeScope({ tenant: "t1", branch: "b1" }, { branch: "b2" })).toEqual({ tenant: "t1", branch: "b2" })
  })
})

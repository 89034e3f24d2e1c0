import { describe, expect, it } from "vitest"
import { meetsSecurityFloor, requireSupportedVersion } from "./floor.js"

describe("a server", () => {
  it("older than 15 is refused with its version", () => {
    expect(() => requireSupportedVersion(140012, "14.12")).toThrow(
      expect.objectContaining({ code: "WK006", message: expect.stringContaining("14.12") }),
    )
    expect(() => requireSupportedVersion(150000, "15.0")).not.toThrow()
  })

  it("meets the security floor from the first minor with the fixes on", () => {
    const below = [150019, 160015, 170011, 180006, 140099]
    const above = [150020, 160016, 170012, 180007, 190000]
    expect(below.map(meetsSecurityFloor)).toEqual(below.map(() => false))
    expect(above.map(meetsSecurityFloor)).toEqual(above.map(() => true))
  })
})

import { describe, expect, it } from "vitest"
import type { Action } from "./actions.js"
import { allowingRoles } from "./combine.js"
import { parsePolicy } from "./parse.js"

const parse = (over: Record<string, unknown>, roles: Record<string, unknown> = {}) =>
  parsePolicy({
    tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
    tables: { note: { scope: "branch", subject: "patient_id" }, invoice: { scope: "branch" } },
    purposes: { care: { basis: "s7a" }, billing: { basis: "s7a" } },
    roles: {
      doctor: { purposes: ["care"], can: { note: "manage" } },
      cashier: { purposes: ["billing"], can: { invoice: "manage" } },
      auditor: { purposes: ["billing"], can: { invoice: "read" } },
      ...roles,
    },
    ...over,
  })
const named = (policy: ReturnType<typeof parse>, name: string) => policy.actors.find((actor) => actor.name === name)

describe("a combination of roles", () => {
  it("is one role with the cells of each, every cell for the purposes of the role it comes from", () => {
    const owner = named(parse({ combinations: { owner: ["doctor", "cashier"] } }), "owner")
    expect(owner).toMatchObject({ purposes: ["care", "billing"], combines: ["doctor", "cashier"] })
    expect(owner?.countsAs).toEqual(["owner", "doctor", "cashier"])
    expect(owner?.can.get("public.note")?.rules.update?.purposes).toEqual(["care"])
    expect(owner?.can.get("public.invoice")?.rules.delete?.purposes).toEqual(["billing"])
  })

  it("of roles with the same purposes is tied to none, and takes the wider cell and the union of columns", () => {
    const roles = {
      desk: { purposes: ["care"], can: { invoice: { read: ["id"] } } },
      till: { purposes: ["care"], can: { invoice: { read: ["total"], create: true } } },
    }
    const both = named(parse({ combinations: { both: ["desk", "till"] } }, roles), "both")
    expect(both?.can.get("public.invoice")).toMatchObject({
      rules: { read: { columns: ["id", "total"], purposes: null }, create: { columns: "all", purposes: null } },
    })
  })

  it("says which of its roles allow a cell: the wider alone, those that are alike together", () => {
    const roles = {
      desk: { purposes: ["care"], can: { invoice: { read: ["id"], update: ["id"], delete: { mfa: "PT1H" } } } },
      till: { purposes: ["care"], can: { invoice: { read: true, update: ["total"], create: true, delete: true } } },
    }
    const policy = parse({ combinations: { both: ["desk", "till"], owner: ["doctor", "cashier"] } }, roles)
    const allowing = (name: string, ...cell: [string, Action, string]) => {
      const actor = named(policy, name)
      return actor === undefined ? [] : allowingRoles(policy, actor, ...cell).map((role) => role.name)
    }
    expect(allowing("both", "public.invoice", "read", "care")).toEqual(["till"])
    expect(allowing("both", "public.invoice", "update", "care")).toEqual(["desk", "till"])
    expect(allowing("both", "public.invoice", "create", "care")).toEqual(["till"])
    // Who needs no second factor allows whatever who needs one allows.
    expect(allowing("both", "public.invoice", "delete", "care")).toEqual(["till"])
    expect(allowing("owner", "public.note", "update", "care")).toEqual(["doctor"])
    expect(allowing("owner", "public.note", "update", "billing")).toEqual([])
    expect(allowing("doctor", "public.note", "update", "care")).toEqual([])
  })

  it("is refused where one cell cannot say what its roles may, and where a name is wrong", () => {
    const roles = { desk: { purposes: ["care"], can: { invoice: { read: ["id"] } } } }
    expect(() => parse({ combinations: { both: ["desk", "auditor"] } }, roles)).toThrowError(
      /may read public.invoice under different ties/,
    )
    expect(() => parse({ combinations: { x: ["doctor", "nobody"] } })).toThrowError(/nobody is not under roles/)
    expect(() => parse({ combinations: { doctor: ["doctor", "cashier"] } })).toThrowError(
      /there is a role of this name/,
    )
    const services = { both: { purposes: ["care"], can: { invoice: "read" } } }
    expect(() => parse({ combinations: { both: ["doctor", "cashier"] }, services })).toThrowError(
      /there is a service of this name/,
    )
  })

  it("makes no more than 200 database roles, and says what to merge", () => {
    const roles = Object.fromEntries(Array.from({ length: 190 }, (_, n) => [`r${n}`, { purposes: ["care"], can: {} }]))
    const combinations = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [`c${n}`, n < 6 ? ["r1", "r2"] : ["r1", "r2", "r3"]]),
    )
    expect(() => parse({ combinations }, roles)).toThrowError(
      /193 roles, 12 combinations and 0 services are more than 200 database roles; merge \(one contains the other: c0 into c1/,
    )
    expect(() => parse({ combinations: {} }, roles)).not.toThrow()
  })
})

describe("who may assign what", () => {
  it.each([
    ["an unknown role", {}, { head: { purposes: ["care"], mayGrant: ["nobody"] } }, /nobody is not under roles/],
    [
      "more than one's own",
      {},
      { head: { purposes: ["care"], mayGrant: ["sub"] }, sub: { purposes: ["care"], mayGrant: ["doctor"] } },
      /sub may grant doctor, which head may not/,
    ],
    [
      "from a confined role",
      {},
      { portal: { purposes: ["care"], confined: true, mayGrant: ["doctor"] } },
      /a confined role grants nothing/,
    ],
    [
      "confined without a subject",
      {},
      { portal: { purposes: ["care"], confined: true, can: { invoice: "read" } } },
      /confined to subjects, and public.invoice names none/,
    ],
    [
      "exclusive in one role",
      { exclusive: [["cashier", "doctor"]], combinations: { owner: ["doctor", "cashier"] } },
      {},
      /owner is both cashier and doctor/,
    ],
    [
      "exclusive by inheritance",
      { exclusive: [["locum", "doctor"]] },
      { locum: { extends: "doctor" } },
      /locum is both locum and doctor/,
    ],
    ["exclusive with an unknown role", { exclusive: [["cashier", "nobody"]] }, {}, /nobody is not under roles/],
    [
      "an emergency role that is not confined",
      { breakGlass: { role: "doctor", from: ["cashier"], longest: "PT1H", reasons: ["x"], reviewedBy: ["auditor"] } },
      {},
      /write confined: true/,
    ],
    [
      "an emergency without a reviewer",
      { breakGlass: { role: "doctor", from: ["cashier"], longest: "PT1H", reasons: ["x"], reviewedBy: [] } },
      {},
      /reviewedBy/,
    ],
    ["assignments kept elsewhere", { assignments: "somewhere" }, {}, /'host'.*'required'/],
    ["narrowable downloads", { tables: { note: { scope: "branch", narrowable: ["download"] } } }, {}, /narrowable/],
  ])("is refused: %s", (_what, over, roles, message) => {
    expect(() => parse(over, roles)).toThrowError(message)
  })

  it("is nobody, and assignments are the host's, unless the policy file says otherwise", () => {
    const policy = parse({})
    expect(policy).toMatchObject({ assignments: "host", exclusive: [], breakGlass: null })
    expect(policy.actors.flatMap((actor) => actor.mayGrant)).toEqual([])
  })
})

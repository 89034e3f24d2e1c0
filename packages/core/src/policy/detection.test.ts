import { describe, expect, it } from "vitest"
import { parsePolicy } from "./parse.js"

const visit = { row: "visit", at: "at", before: "P7D", after: "P1D" }
const detection = { reviewedBy: ["privacy"], explanations: { visit } }
const parse = (declared: Record<string, unknown>, over: Record<string, unknown> = {}) =>
  parsePolicy({
    tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
    tables: {
      patient: { scope: "branch", subject: "id" },
      visit: { scope: "branch", subject: "patient_id" },
      roster: { scope: "branch" },
      price: { scope: "tenant", subject: "id" },
    },
    purposes: { care: { basis: "s7a" } },
    roles: {
      privacy: {
        purposes: ["care"],
        can: { visit: { read: ["patient_id", "at", "branch_id"] }, roster: "read", price: "read" },
      },
      guest: { purposes: ["care"], confined: true, can: { visit: "read" } },
    },
    detection: { ...detection, ...declared },
    ...over,
  })

describe("detection of the policy file", () => {
  it("is resolved with its defaults, and null where it is left out", () => {
    expect(parse({}).detection).toEqual({
      reviewedBy: ["privacy"],
      explanations: [
        {
          ...{
            kind: "row",
            name: "visit",
            table: "public.visit",
            at: "at",
            beforeSeconds: 604_800,
            afterSeconds: 86_400,
          },
          ...{ actor: null, roles: null, purposes: null, tables: null },
        },
      ],
      zone: "UTC",
      hours: null,
      numbers: null,
      volumeLeast: 30,
      walk: { persons: 8, seconds: 600 },
      refusals: { n: 20, seconds: 3600 },
      reviewSeconds: 259_200,
    })
    expect(parse({}, { detection: undefined }).detection).toBeNull()
  })

  const duty = { duty: "roster", actor: "who", from: "begins", until: "ends" }
  const explained = (one: Record<string, unknown>) => ({ explanations: { one } })
  it.each([
    ["no explanation", { explanations: {} }, /name at least one/],
    ["an unknown reviewer", { reviewedBy: ["nobody"] }, /nobody is not under roles/],
    ["a confined reviewer", { reviewedBy: ["guest"] }, /guest is confined/],
    ["a form that is not there", explained({ sql: "true" }), /write \{ row, at, before, after, actor \}/],
    ["an unknown table", explained({ ...visit, row: "person" }), /person is not under tables/],
    ["a table without branches", explained({ ...visit, row: "price" }), /scope 'branch'/],
    ["rows of nobody", explained({ ...visit, row: "roster" }), /names no subject/],
    [
      "a column that the reviewer does not read",
      explained({ ...visit, actor: "doctor" }),
      /has to read doctor of public\.visit/,
    ],
    [
      "a table that the reviewer does not read",
      explained({ ...visit, row: "patient" }),
      /has to read id, at, branch_id of public\.patient/,
    ],
    ["duty that explains everything", explained(duty), /names no person/],
    ["an unknown role", explained({ ...duty, roles: ["nobody"] }), /roles: nobody is not under roles/],
    ["an unknown purpose", explained({ ...duty, purposes: ["fun"] }), /purposes: fun is not under purposes/],
    [
      "an unknown table of accesses",
      explained({ ...duty, tables: ["fun"] }),
      /tables: public\.fun is not under tables/,
    ],
    ["assignments that the host keeps", explained({ assigned: true, roles: ["privacy"] }), /assignments: 'required'/],
    ["an emergency without break-glass", explained({ emergency: "justified" }), /there is no breakGlass/],
    ["a referral without crossings", explained({ referral: "open" }), /there is no crossings\.referral/],
    ["an unknown zone", { zone: "Mars/Base" }, /Asia\/Kolkata/],
    ["an hour that is none", { hours: { from: "7", until: "21:00" } }, /07:30/],
    ["numbers of nobody", { numbers: { table: "roster", column: "who" } }, /has no subject/],
    ["a walk of two", { walk: { persons: 2, within: "PT1M" } }, /walk\.persons/],
    ["a window in months", explained({ ...visit, before: "P1M" }), /P7D/],
  ])("is refused with %s", (_, declared, message) => {
    expect(() => parse(declared)).toThrow(message)
  })

  it("takes duty for some roles", () => {
    expect(parse(explained({ ...duty, roles: ["privacy"] })).detection?.explanations).toMatchObject([
      { kind: "duty", table: "public.roster", roles: ["privacy"] },
    ])
  })
})

import { parsePolicy } from "@wardkeep/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { compileMatrix } from "../matrix/matrix.js"
import { diff, diffText } from "./diff.js"

const policyOf = (roles: unknown, state = "draft") =>
  parsePolicy({
    tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
    tables: { invoice: { scope: "branch" }, note: { scope: "branch" } },
    purposes: { care: { basis: "x" }, billing: { basis: "x" } },
    conditions: { draft: { state: { column: "status", in: [state] } } },
    roles,
  })
const reception = (can: unknown, more = {}) => ({ reception: { purposes: ["care"], can, ...more } })
const said = (before: unknown, after: unknown, state = "draft"): string =>
  diffText(diff(policyOf(before), policyOf(after, state)))

describe("a difference in words", () => {
  it.each<[unknown, unknown, string]>([
    [{ invoice: "read" }, { invoice: { read: true, delete: true } }, "reception gains: delete public.invoice"],
    [
      { invoice: "manage" },
      { invoice: "read" },
      "reception loses: create public.invoice\nreception loses: update public.invoice\nreception loses: delete public.invoice",
    ],
    [
      { invoice: { read: ["a"] } },
      { invoice: { read: ["b"] } },
      "reception gains: read public.invoice (b)\nreception loses: read public.invoice (a)",
    ],
    [{ invoice: "read" }, { invoice: { read: ["a"] } }, "reception loses: read public.invoice, now only a"],
    [
      { invoice: { read: ["a"] } },
      { invoice: "read" },
      "reception gains: read public.invoice, every column, no longer only a",
    ],
    [
      { note: "read" },
      { note: { read: { when: "draft" } } },
      "reception loses: read public.note, now only when status is draft",
    ],
    [
      { note: { read: { mfa: "PT1H" } } },
      { note: { read: { mfa: "PT2H" } } },
      "reception gains: read public.note, with a second factor not older than 7200 seconds",
    ],
    [
      { note: { read: { purposes: ["care"] } } },
      { note: "read" },
      "reception gains: read public.note, for every purpose, no longer only care",
    ],
    [
      {},
      { note: { read: { when: "draft", columns: ["a"] } } },
      "reception gains: read public.note, only a, when status is draft",
    ],
  ])("from %j to %j", (before, after, text) => {
    expect(said(reception(before), reception(after))).toBe(text)
  })

  it("sees a condition whose meaning changed under its name", () => {
    const can = { note: { update: { when: "draft" } } }
    expect(said(reception(can), reception(can), "signed")).toBe(
      "reception changes: update public.note, only when status is signed, no longer when status is draft",
    )
  })

  it("sees roles, purposes, second factors and ends", () => {
    expect(said(reception({}), { ...reception({}), porter: { purposes: ["care"] } })).toBe(
      "porter gains: the role itself",
    )
    expect(said(reception({}), reception({}, { purposes: ["care", "billing"], mfa: "PT1H", mustExpire: true }))).toBe(
      [
        "reception gains: the purpose billing",
        "reception loses: with a second factor not older than 3600 seconds to sign in",
        "reception loses: assignments without an end",
      ].join("\n"),
    )
  })

  it("is empty exactly when the two matrices are the same, and turns round when they are exchanged", () => {
    const cell = fc.constantFrom(undefined, true, ["a"], ["a", "b"], { when: "draft" })
    const can = fc
      .record({ read: cell, update: cell })
      .map((drawn) => JSON.parse(JSON.stringify({ note: drawn })) as unknown)
    fc.assert(
      fc.property(can, can, (before, after) => {
        const [old, now] = [policyOf(reception(before)), policyOf(reception(after))]
        const there = diff(old, now)
        const kinds = (list: readonly { kind: string }[]) =>
          list
            .map(({ kind }) => kind)
            .sort()
            .join()
        const swapped = there.map(({ kind }) => ({
          kind: kind === "gains" ? "loses" : kind === "loses" ? "gains" : kind,
        }))
        expect(kinds(diff(now, old))).toBe(kinds(swapped))
        expect(there.length === 0).toBe(JSON.stringify(before) === JSON.stringify(after))
        expect(compileMatrix(old).columns.size).toBe(4)
      }),
    )
  })
})

import { describe, expect, it } from "vitest"
import { parsePolicy } from "./parse.js"

const visits = {
  table: "visit",
  measure: "rows",
  month: "seen_on",
  by: { column: "kind", values: ["walk_in", "booked"] },
  minimum: { persons: 10, clinics: 5 },
  largest: { clinic: 40, person: 20 },
  roundTo: 5,
}
const parse = (over: Record<string, unknown> = {}, named: Record<string, unknown> = {}, read: unknown = true) =>
  parsePolicy({
    tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
    tables: {
      visit: { scope: "branch", subject: "patient_id", columns: { clinical: ["diagnosis"] } },
      bed: { scope: "branch" },
      drug: { scope: "global", subject: "id" },
      patient: { scope: "branch", subject: "id" },
    },
    purposes: { care: { basis: "s7a" }, outreach: { basis: "consent" } },
    consent: { subjects: "patient", born: "dob", recordedBy: ["owner"], noticesBy: ["owner"] },
    roles: {
      owner: { purposes: ["care"], can: { visit: "read" } },
      portal: { purposes: ["care"], confined: true, can: { visit: "read" } },
    },
    services: {
      statistics: { purposes: ["care"], can: { visit: { read }, bed: "read", drug: "read" } },
      mailing: { purposes: ["outreach"], can: { visit: "read" } },
    },
    aggregates: {
      service: "statistics",
      agreedBy: ["owner"],
      figures: { visits_per_month: { ...visits, ...over } },
      ...named,
    },
  })

describe("aggregates of the policy file", () => {
  it("name a table, what is measured, a closed list, minimum, largest and rounding; without them there are none", () => {
    const { measure: _rows, ...rest } = visits
    expect(parse().aggregates).toEqual({
      service: "statistics",
      agreedBy: ["owner"],
      figures: [{ ...rest, name: "visits_per_month", table: "public.visit", sum: null }],
    })
    expect(parse({ measure: { sum: "fee" }, by: undefined }).aggregates?.figures[0]).toMatchObject({
      sum: "fee",
      by: null,
    })
    expect(parsePolicy(minimal).aggregates).toBeNull()
  })

  it.each([
    ["an unknown table", { table: "visits" }, {}, /public\.visits is not under tables/],
    ["a table of nobody", { table: "drug" }, {}, /belong to no single clinic/],
    ["a table without persons", { table: "bed" }, {}, /names no subject/],
    ["a table that the service does not read", { table: "patient" }, {}, /statistics does not read public.patient/],
    [
      "a classified column",
      { by: { column: "diagnosis", values: ["flu"] } },
      {},
      /diagnosis belongs to the group clinical/,
    ],
    ["a classified measure", { measure: { sum: "diagnosis" } }, {}, /belongs to the group clinical/],
    ["whom it is about", { by: { column: "patient_id", values: ["1"] } }, {}, /says whom a row is about/],
    ["an open list", { by: { column: "kind" } }, {}, /values/],
    [
      "a list that is long",
      { by: { column: "kind", values: Array.from({ length: 21 }, (_, i) => `v${i}`) } },
      {},
      /at most 20/,
    ],
    ["free text", { by: { column: "kind", values: ["a\nb"] } }, {}, /letters, digits/],
    ["what is left", { by: { column: "kind", values: ["other"] } }, {}, /other is what the list leaves out/],
    ["a value twice", { by: { column: "kind", values: ["a", "a"] } }, {}, /each value once/],
    ["one column twice", { by: { column: "seen_on", values: ["a"] } }, {}, /different columns/],
    ["four persons", { minimum: { persons: 4, clinics: 5 } }, {}, /at least 5 persons/],
    ["two clinics", { minimum: { persons: 5, clinics: 2 } }, {}, /at least 3 clinics/],
    ["a clinic that is most of it", { largest: { clinic: 61, person: 20 } }, {}, /1 to 60/],
    ["a person that is most of it", { largest: { clinic: 60, person: 26 } }, {}, /1 to 25/],
    ["no rounding", { roundTo: 1 }, {}, /from 5/],
    ["another measure", { measure: "average" }, {}, /write measure/],
    ["an unknown service", {}, { service: "nobody" }, /nobody is not under services/],
    ["a service that waits for consent", {}, { service: "mailing" }, /outreach waits for what each person decides/],
    ["a role that is confined", {}, { agreedBy: ["portal"] }, /portal is confined/],
    ["an unknown role", {}, { agreedBy: ["nobody"] }, /nobody is not under roles/],
    ["nobody who agrees", {}, { agreedBy: [] }, /agreedBy/],
    ["no figures", {}, { figures: {} }, /at least one/],
    ["a name that PostgreSQL would fold", {}, { figures: { Visits: visits } }, /lower-case/],
    ["a name with a hyphen", {}, { figures: { "visits-per-month": visits } }, /lower-case/],
    [
      "the same rows twice",
      {},
      { figures: { a: visits, b: { ...visits, by: undefined } } },
      /a counts public.visit already/,
    ],
  ])("are refused with %s", (_what, over, named, message) => {
    expect(() => parse(over, named)).toThrowError(message)
  })

  it("use what the service sees only", () => {
    expect(() => parse({}, {}, ["seen_on"])).toThrowError(/kind is hidden from statistics/)
    expect(() => parse({ measure: { sum: "fee" } }, {}, ["seen_on", "kind"])).toThrowError(/fee is hidden/)
    expect(() => parse({}, {}, { purposes: ["care"] })).toThrowError(/under a condition/)
  })
})

const minimal = {
  tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
  tables: {},
  purposes: { care: { basis: "s7a" } },
  roles: {},
}

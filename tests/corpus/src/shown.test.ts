import { expect, test } from "vitest"
import { type Answer, isAnothers, movesWith, shows } from "./shown.ts"

const tenant = (key: string) => ({ name: key, key, connect: { user: "app", settings: { "app.branch": key } } })
const target = {
  tenants: [tenant("1"), tenant("2")],
  tenantColumns: ["branch_id"],
  schemas: ["public"],
  global: [],
}
const said = (statement: string, refused?: string): Answer => ({
  statement,
  said: refused ?? "INSERT 1 []",
  rows: [],
  count: refused === undefined ? 1 : 0,
  command: "INSERT",
  refused,
})
const as = (key: string): Answer => said(`select set_config('app.branch', '${key}', true)`)
const own = "insert into bill values ('a')"

test("what is accepted, and refused once another tenant has been there, shows that it was", () => {
  const replay = (refused: string, ...between: Answer[]): boolean =>
    shows({ target }, "bravo", [as("1"), said(own), ...between, as("1"), said(own, refused)], [])
  expect(replay("P0001", as("2"), said("insert into bill values ('b')"))).toBe(true)
  expect(replay("P0001")).toBe(false)
  expect(replay("42501", as("2"), said("insert into bill values ('b')"))).toBe(false)
  expect(shows({ target }, "bravo", [as("2"), as("1"), said(own, "P0001"), said(own, "P0001")], [])).toBe(false)
})

test("a row that is left out because its key is taken shows it where it is not left out once the others' rows are gone", () => {
  const quiet = `${own} on conflict (id) do nothing`
  const skipped: Answer = { ...said(quiet), count: 0 }
  const shown = (then: Answer): boolean => shows({ target }, "bravo", [as("1"), skipped], [as("1"), then])
  expect(shown(said(quiet))).toBe(true)
  expect(shown({ ...said(quiet, "23505"), count: 0 })).toBe(true)
  expect(shown(skipped)).toBe(false)
  expect(shows({ target }, "bravo", [as("1"), said(quiet, "P0001")], [as("1"), said(quiet, "P0001")])).toBe(false)
})

test("a refusal shows a row where the same is refused otherwise once the others' rows are gone", () => {
  const shown = (first: string, gone: string | undefined): boolean =>
    shows({ target }, "bravo", [as("1"), said("call cancel(7)", first)], [as("1"), said("call cancel(7)", gone)])
  expect(shown("42501", "P0002")).toBe(true)
  expect(shown("P0001", "P0002")).toBe(true)
  expect(shown("42501", "42501")).toBe(false)
  expect(shown("P0002", "P0002")).toBe(false)
  // Accepted once they are gone: the row's own refusal is for the other rules.
  expect(shown("42501", undefined)).toBe(false)
})

test("two calls beside each other show a row where their answers differ, by more than what was asked, until it is gone", () => {
  const called = (code: string, answer: string): Answer => ({
    ...said(`call add_coupon('${code}', 40)`),
    said: `CALL ${answer}`,
    command: "CALL",
    count: 0,
  })
  const shown = (theirs: string, gone: string): boolean => {
    const nobodys = called("QXRT57", "QXRT57 added")
    return shows(
      { target },
      "bravo",
      [as("1"), nobodys, as("1"), called("ANNA10", theirs)],
      [as("1"), nobodys, as("1"), called("ANNA10", gone)],
    )
  }
  expect(shown("ANNA10 in use", "ANNA10 added")).toBe(true)
  expect(shown("ANNA10 added", "ANNA10 added")).toBe(false)
  expect(shown("ANNA10 in use", "ANNA10 in use")).toBe(false)
  // Of another function, or about the same: no two calls to compare.
  const alone = [as("1"), called("ANNA10", "in use")]
  expect(shows({ target }, "bravo", alone, [as("1"), called("ANNA10", "added")])).toBe(false)
})

test("an answer moves with the others' rows where it is another one without them, and then stays the same", () => {
  const moves = (now: string, later: string, again: string, context = "1"): boolean => {
    const told = (text: string): Answer[] => [
      as(context),
      { ...said("select pull_changes() as answer"), said: text, rows: [{ answer: text }], command: "SELECT" },
    ]
    return movesWith({ target }, told(now), told(later), told(again))
  }
  expect(moves("next 21:17", "next 10:00", "next 10:00")).toBe(true)
  expect(moves("next 21:17", "next 21:17", "next 21:17")).toBe(false)
  // The clock.
  expect(moves("now 21:17", "now 21:18", "now 21:19")).toBe(false)
  expect(moves("next 21:17", "next 10:00", "next 10:00", "9")).toBe(false)
})

test("a replay is another tenant's where it enters that one's context and never the first one's, by setting or by login", () => {
  const enters = (key: string): string => `select set_config('app.branch', '${key}', true);\n`
  expect(isAnothers({ ...target }, enters("2"))).toBe(true)
  expect(isAnothers({ ...target }, enters("1"))).toBe(false)
  expect(isAnothers({ ...target }, enters("2") + enters("1"))).toBe(false)
  expect(isAnothers({ ...target }, "select 1;\n")).toBe(false)
  const byLogin = { ...target, tenants: ["a", "b"].map((user) => ({ name: user, key: user, connect: { user } })) }
  expect(isAnothers(byLogin, "-- connected as b\nselect 1;\n")).toBe(true)
  expect(isAnothers(byLogin, "-- connected as a\nselect 1;\n")).toBe(false)
})

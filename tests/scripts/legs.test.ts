import { expect, test } from "vitest"
import { legs } from "../config/legs.mjs"

const joining = (file: string) => legs.filter((leg) => leg.joins(file)).map(({ name }) => name)

test("a database test runs on both servers", () => {
  expect(joining("packages/postgres/src/client/query.db.test.ts")).toEqual(["embedded18", "pg15"])
})

test("a pooler test runs behind the pooler only", () => {
  expect(joining("packages/postgres/src/client/query.pooler.db.test.ts")).toEqual(["pgbouncer"])
})

test("a limited administrator's test runs in its own legs only", () => {
  expect(joining("tests/e2e/install.limited-admin.db.test.ts")).toEqual(["limited-admin", "limited-admin-pg15"])
})

test("a test of PostgreSQL 15's own programs runs on that server only", () => {
  expect(joining("packages/postgres/src/maintenance/pg-dump.pg15.db.test.ts")).toEqual(["pg15"])
})

import { describe, expect, it } from "vitest"
import { kindOf } from "./statement-kind.js"

const refused = (text: string): void =>
  expect(() => kindOf(text), text).toThrowError(expect.objectContaining({ code: "WK108" }))

describe("kindOf", () => {
  it("passes the eight kinds of query", () => {
    for (const text of [
      "select 1",
      "WITH x as (select 1) delete from t",
      "values (1)",
      "table t",
      "insert into t values (1)",
      "update t set a = 1",
      "delete from t",
      "merge into t using s on true when matched then delete",
      "(select 1) union (select 2)",
    ])
      expect(kindOf(text).kind, text).toBe("query")
  })

  it("refuses every other statement of PostgreSQL", () => {
    for (const text of [
      "prepare a as select 1",
      "execute a",
      "deallocate a",
      "declare c cursor with hold for select 1",
      "fetch c",
      "listen loot",
      "notify loot",
      "unlisten *",
      "set role other",
      "set session authorization x",
      "set search_path = x",
      "set local role x",
      "set session characteristics as transaction read only",
      "reset all",
      "discard all",
      "do $$ begin end $$",
      "call p()",
      "alter role x set y = z",
      "create table t ()",
      "drop table t",
      "grant x to y",
      "lock table t",
      "copy t from stdin",
      "explain select 1",
      "show all",
      "vacuum",
      "truncate t",
      "prepare transaction 'x'",
      "commit prepared 'x'",
      "rollback prepared 'x'",
      "begin; select 1",
      "(insert into t values (1))",
      "(begin)",
      "commit and chain",
      "rollback and chain",
      "start",
      "",
      ";",
      "select\0",
    ])
      refused(text)
  })

  it("reads transaction control in the ways ORMs write it", () => {
    expect(kindOf("BEGIN;")).toEqual({ kind: "begin", modes: [] })
    expect(kindOf("start transaction isolation level repeatable read, read only, deferrable")).toEqual({
      kind: "begin",
      modes: ["isolation level repeatable read", "read only", "deferrable"],
    })
    expect(kindOf("BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE")).toMatchObject({
      modes: ["isolation level serializable"],
    })
    expect(kindOf("SET TRANSACTION READ WRITE")).toEqual({ kind: "set", modes: ["read write"] })
    expect(kindOf("end work")).toEqual({ kind: "commit" })
    expect(kindOf("abort")).toEqual({ kind: "rollback" })
    expect(kindOf("rollback to savepoint sp1")).toEqual({ kind: "rollback to", name: "sp1" })
    expect(kindOf('ROLLBACK TO "Sp"')).toEqual({ kind: "rollback to", name: '"Sp"' })
    expect(kindOf("release savepoint sp1")).toEqual({ kind: "release", name: "sp1" })
    refused("begin isolation level chaos")
    refused("set transaction snapshot '1'")
    refused("savepoint a b")
  })

  it("marks what may change the session", () => {
    for (const text of [
      "select set_config('TimeZone', 'x', false)",
      'select U&"set\\005fconfig"(1)',
      "select query_to_xml('…', true, true, '')",
      "select pg_advisory_lock(1)",
    ])
      expect(kindOf(text)).toMatchObject({ suspect: true })
    expect(kindOf("select pg_advisory_xact_lock(1)")).toMatchObject({ suspect: false })
  })
})

import { expect, test } from "vitest"
import { withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { Connection } from "./connection.js"
import { Unanswered } from "./unanswered.js"

const db = useDatabase()

test("a function that a question to the catalog calls cannot write", async () => {
  await withClient(db.adminUrl, async (client) => {
    await client.query(`create table log (n int);
      create function writes() returns int language sql as 'insert into public.log values (1) returning n';
      create view asked as select writes() as n`)
  })
  const unanswered = new Unanswered()
  const connection = await Connection.open(new URL(db.adminUrl), unanswered)
  try {
    expect(await connection.rowsInTime("select n from public.asked")).toBeUndefined()
    expect(unanswered.take().map(({ why }) => why)).toEqual([expect.stringContaining("25006")])
  } finally {
    await connection.close()
  }
  const left = await withClient(db.adminUrl, async (client) => (await client.query("select from log")).rowCount)
  expect(left).toBe(0)
})

import { expect, it } from "vitest"
import { StatementCatalog } from "./statements.js"

const catalog = (): StatementCatalog => new StatementCatalog({ named: true, roleComment: false, salt: "s" })

it("statements of the client's own are kept, but not without end", () => {
  const statements = catalog()
  const commit = statements.own("commit")
  expect(statements.own("commit")).toBe(commit)
  for (let i = 0; i < 1000; i++) statements.own(`begin ${i}`)
  expect(statements.own("commit")).not.toBe(commit)
  // The server still knows it, under the name that follows from the text.
  expect(statements.own("commit").name).toBe(commit.name)
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { blanks } from "#tests/fixture/blanks.ts"
import { firstWord, words } from "./lexer.js"

describe("firstWord", () => {
  it("finds the keyword behind white space and nested comments", () => {
    expect(firstWord("  /* a /* b */ -- c */ -- d\n\tSelect 1")).toMatchObject({ word: "select", nested: false })
    expect(firstWord("((select 1) union (select 2))")).toMatchObject({ word: "select", nested: true })
    expect(firstWord("-- only\rDelete from x")).toMatchObject({ word: "delete" })
  })

  it("finds nothing where there is nothing to be sure of", () => {
    for (const text of [
      "",
      "  ",
      "-- select",
      "/* select",
      "/* /* */ select",
      "; select 1",
      "\u00a0select 1",
      "\u000bselect 1",
      "1",
      "'select'",
    ])
      expect(firstWord(text)?.word === "select", JSON.stringify(text)).toBe(false)
  })

  it("takes the whole word", () => {
    for (const text of ["selectx", "select$1", "select1", "selectä", "_select"])
      expect(firstWord(text)?.word).toBe(text)
  })

  it("finds the word behind any blanks", () => {
    fc.assert(
      fc.property(blanks, (prefix) => {
        expect(firstWord(`${prefix}uPdAtE t set x = 1`)?.word).toBe("update")
      }),
      { numRuns: 2000 },
    )
  })
})

describe("words", () => {
  it("reads plain words, commas and quoted names", () => {
    expect(words('rollback to savepoint "a b"; -- done')).toEqual(["rollback", "to", "savepoint", '"a b"'])
    expect(words("begin isolation level serializable, read only")).toEqual([
      "begin",
      "isolation",
      "level",
      "serializable",
      ",",
      "read",
      "only",
    ])
  })

  it("gives up on anything else", () => {
    for (const text of ["begin; drop table x", "commit 'x'", "rollback to $1", 'savepoint "open', "begin /* open"])
      expect(words(text), text).toBeUndefined()
  })
})

import { WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import { firstWord } from "../client/lexer.js"
import type { Queryable } from "../database/queryable.js"

type Text = string | pg.QueryConfig<unknown[]>

const transactionWords = new Set(["begin", "start", "commit", "end", "rollback", "abort", "prepare"])
const dataWords = new Set(["select", "with", "values", "table", "insert", "update", "delete", "merge"])

/** What maintenance hands to its work: everything but the end of the transaction that brings FORCE back. */
export function insideTransaction(client: Queryable): Queryable {
  return {
    async query<Row extends pg.QueryResultRow>(text: Text, values?: readonly unknown[]) {
      const word = firstWord(textOf(text))?.word
      if (word !== undefined && transactionWords.has(word)) throw refused(word, "maintenance is one transaction")
      return await client.query<Row>(text, values)
    },
  }
}

/**
 * What backfill hands to its work: one statement at a time, and only those whose rows the fence decides. DDL and REFRESH
 * would report success over the rows of one tenant as if they were all.
 */
export function dataStatements(client: Queryable): Queryable {
  return {
    async query<Row extends pg.QueryResultRow>(text: Text, values?: readonly unknown[]) {
      const word = firstWord(textOf(text))?.word ?? "this"
      if (!dataWords.has(word))
        throw refused(word, "a backfill sees one tenant: use maintenance for what reads every row")
      return await singleStatement<Row>(client, text, values)
    },
  }
}

/** The extended protocol takes one statement, so nothing can hide behind a semicolon. */
function singleStatement<Row extends pg.QueryResultRow>(
  client: Queryable,
  text: Text,
  values: readonly unknown[] | undefined,
): Promise<pg.QueryResult<Row>> {
  const config: pg.QueryConfig<unknown[]> & { queryMode: "extended" } = {
    ...(typeof text === "string" ? { text } : text),
    ...(values === undefined ? {} : { values: [...values] }),
    queryMode: "extended",
  }
  return client.query<Row>(config)
}

function refused(word: string, why: string): WardkeepError {
  return new WardkeepError("WK307", { message: `${word.toUpperCase()} is refused here: ${why}` })
}

function textOf(text: Text): string {
  return typeof text === "string" ? text : text.text
}

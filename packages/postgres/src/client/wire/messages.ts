import { WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import type { Connection } from "./connection.js"

/** The fields of backend messages that are read here, as `pg-protocol` names them. */
export interface Message {
  readonly fields: unknown
  readonly text: string
  readonly status: string
  readonly parameterName: string
  readonly parameterValue: string
  readonly chunk: Buffer
}

type Handler = (connection: Connection, message: Message) => void

const nothing: Handler = () => undefined

/** What each backend message does. They replace the listeners of `pg` on a connection that has signed in. */
export const handlers: Readonly<Record<string, Handler>> = {
  parseComplete: (connection) => connection.parsed(),
  rowDescription: (connection, message) => connection.described(message.fields as pg.FieldDef[]),
  noData: (connection) => connection.describedAsNothing(),
  dataRow: (connection, message) => connection.current?.row(message.fields as (string | null)[]),
  commandComplete: (connection, message) => connection.completed(message.text),
  emptyQuery: (connection) => connection.completed(""),
  portalSuspended: (connection) => {
    const unit = connection.current
    if (unit === undefined) return
    unit.suspended = true
    unit.progress = "complete"
  },
  readyForQuery: (connection, message) => connection.ready(message.status),
  errorMessage: (connection, message) => {
    const unit = connection.current
    // Without a unit it announces the end of the session, which the socket will report.
    if (unit !== undefined) unit.error = message
  },
  parameterStatus: (connection, message) => connection.reported(message.parameterName, message.parameterValue),
  copyData: (connection, message) => connection.current?.sink?.chunk(message.chunk),
  copyInResponse: (connection) =>
    connection.destroy(new WardkeepError("WK108", { message: "COPY … FROM STDIN is not for a shared connection" })),
  copyOutResponse: nothing,
  copyDone: nothing,
  notice: nothing,
  notification: nothing,
}

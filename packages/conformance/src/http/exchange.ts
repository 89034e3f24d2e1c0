import { createHash } from "node:crypto"

export type Header = readonly [name: string, value: string]

/** A header or parameter that says who asks, and the origins it is for: no other server is told. */
export type Credential = readonly [name: string, value: string, origins?: readonly string[]]

/** A request as it can be sent again; credentials are not part of it. */
export interface Call {
  readonly method: string
  /** Absolute. */
  readonly url: string
  readonly headers: readonly Header[]
  readonly body?: string
  /** Of a WebSocket: what the client says after the handshake. */
  readonly messages?: readonly string[]
}

export interface Answer {
  readonly status: number
  readonly headers: readonly Header[]
  /** Text; empty for a binary body, which is known by its digest only. */
  readonly body: string
  readonly bytes: number
  /** SHA-256 of the body, hex. */
  readonly digest: string
  readonly binary: boolean
}

/** Somebody who can ask. What it sends to be recognised never enters a report. */
export interface Account {
  readonly name: string
  readonly credentials: readonly Credential[]
  /** Parameters of addresses that do what a cookie does. */
  readonly parameters?: readonly Credential[]
  /** Headers of its own that are no credentials, such as the clinic that it has chosen. */
  readonly ambient: readonly Header[]
}

/** One request of one account with its answer. */
export interface Exchange {
  readonly account: string
  readonly call: Call
  readonly answer: Answer
}

const textual = /json|text|xml|csv|javascript|x-www-form-urlencoded|event-stream|html|graphql/i

export function answerOf(status: number, headers: readonly Header[], body: Buffer): Answer {
  const type = headerOf(headers, "content-type") ?? ""
  const binary = type === "" ? body.includes(0) : !textual.test(type)
  const digest = sha256(body)
  return { status, headers, body: binary ? "" : body.toString("utf8"), bytes: body.length, digest, binary }
}

export function sha256(value: string | Buffer): string {
  return createHash("sha256").update(value).digest("hex")
}

export function headerOf(headers: readonly Header[], name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1]
}

export function withoutHeaders(headers: readonly Header[], names: readonly string[]): Header[] {
  return headers.filter(([name]) => !names.includes(name.toLowerCase()))
}

const ordinary = /^(accept.*|content-.*|if-.*|range|upgrade-insecure-requests|x-requested-with)$/i

/** A header that an application made up for itself, such as one for the clinic that was chosen. */
export const isOwnHeader = (name: string): boolean => !ordinary.test(name)

export const succeeded = (answer: Answer | undefined): answer is Answer =>
  answer !== undefined && answer.status >= 200 && answer.status < 300

/** The same request asked twice is one request. */
export function identityOf(call: Call): string {
  return `${call.method} ${call.url} ${call.body ?? ""} ${(call.messages ?? []).join(" ")}`
}

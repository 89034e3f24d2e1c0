import type { Request, Response } from "express"
import { z } from "zod"
import type { OpenLogin } from "../login/store.js"

/** What a handler gets: inputs that were checked, and who asks. */
export interface Call<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly login: OpenLogin | undefined
  readonly request: Request
  readonly response: Response
}

export type Method = "get" | "post" | "patch" | "delete"

export type Does = readonly [action: "create" | "read" | "update" | "delete" | "export", table: string]

interface Shape<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly method: Method
  readonly path: string
  readonly summary: string
  /** What it does to which table, in the policy file's words: says why, when the database has refused. */
  readonly does?: Does
  /** `public` runs without a context: it can read nothing that is protected. */
  readonly access?: "public" | "session"
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly reply: z.ZodType
  readonly status?: number
  handle(call: Call<z.output<P>, z.output<Q>, z.output<B>>): Promise<unknown>
}

/** A route with its types folded away, as the server and the OpenAPI document see it. */
export interface Route {
  readonly method: Method
  readonly path: string
  readonly summary: string
  readonly does: Does | undefined
  readonly access: "public" | "session"
  readonly params: z.ZodType | undefined
  readonly query: z.ZodType | undefined
  readonly body: z.ZodType | undefined
  readonly reply: z.ZodType
  readonly status: number
  handle(request: Request, response: Response, login: OpenLogin | undefined): Promise<unknown>
}

/** Describes a route once: inputs are checked by it, and openapi.json is written from it. */
export function route<
  P extends z.ZodType = z.ZodUnknown,
  Q extends z.ZodType = z.ZodUnknown,
  B extends z.ZodType = z.ZodUnknown,
>(shape: Shape<P, Q, B>): Route {
  return {
    method: shape.method,
    path: shape.path,
    summary: shape.summary,
    does: shape.does,
    access: shape.access ?? "session",
    params: shape.params,
    query: shape.query,
    body: shape.body,
    reply: shape.reply,
    status: shape.status ?? 200,
    async handle(request, response, login) {
      return shape.handle({
        params: checked(shape.params, request.params),
        query: checked(shape.query, request.query),
        body: checked(shape.body, request.body),
        login,
        request,
        response,
      })
    },
  }
}

function checked<T extends z.ZodType>(schema: T | undefined, value: unknown): z.output<T> {
  // Without a schema the type is `unknown`, and so is what a handler can do with it.
  return (schema ?? z.unknown()).parse(value) as z.output<T>
}

export const byId = z.object({ id: z.uuid() })
export const done = z.object({ ok: z.literal(true) })

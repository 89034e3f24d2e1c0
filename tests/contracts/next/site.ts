import { createServer, type Server } from "node:http"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import type { NextStore } from "@wardkeep/adapters/next"
import type { Policy } from "@wardkeep/core"
import type { Scope, Session, Wardkeep } from "@wardkeep/postgres"

/** What the small application in tests/next is given; it says the same in app/clinic.ts. */
export interface World {
  readonly connectionString: string
  readonly policy: Policy
  session(cookie: string | undefined): Promise<Session | undefined>
  scope(branch: string | undefined): Scope
  client?: { readonly wk: Wardkeep; readonly store: NextStore }
}

interface NextServer {
  prepare(): Promise<void>
  getRequestHandler(): Parameters<typeof createServer>[1]
  close(): Promise<void>
}

export interface Site {
  readonly server: Server
  close(): Promise<void>
}

/** Next's own production server over what `next build` made, in this process. */
export async function openSite(world: World): Promise<Site> {
  const dir = fileURLToPath(new URL("../../next", import.meta.url))
  const holder = globalThis as typeof globalThis & { wardkeepWorld?: World }
  holder.wardkeepWorld = world
  const next = createRequire(`${dir}/package.json`)("next") as (options: object) => NextServer
  const app = next({ dev: false, dir, quiet: true })
  await app.prepare()
  return { server: createServer(app.getRequestHandler()), close: () => app.close() }
}

/** A form of a page: where it goes, and what Next hid in it. */
export function formIn(html: string, id: string): FormData {
  const form = new FormData()
  const text = new RegExp(`<form[^>]*id="${id}"[^>]*>(.*?)</form>`, "s").exec(html)?.[1]
  if (text === undefined) throw new Error(`the page has no form ${id}`)
  for (const [input] of text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const [, name = ""] = /name="([^"]*)"/.exec(input) ?? []
    const [, value = ""] = /value="([^"]*)"/.exec(input) ?? []
    form.set(name, value.replaceAll("&quot;", '"').replaceAll("&amp;", "&"))
  }
  return form
}

import { once } from "node:events"
import { connect } from "node:net"
import type { Session, Wardkeep } from "@wardkeep/postgres"
import { expect } from "vitest"
import type { Row } from "./orm.ts"

export interface FrameworkWorld {
  readonly wk: Wardkeep
  readonly origin: string
  /** Under the cookies `0` and `1`; the cookie `ended` belongs to a session that was ended. */
  readonly sessions: readonly [Session, Session]
  readonly mark: string
  count(name: string): Promise<number>
  busy(): Promise<number>
}

interface Sent {
  readonly cookie?: string
  readonly branch?: string
  readonly body?: unknown
}

async function send({ origin }: FrameworkWorld, path: string, { cookie, branch, body }: Sent = {}) {
  const response = await fetch(origin + path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      ...(cookie !== undefined && { cookie }),
      ...(branch !== undefined && { "x-branch": branch }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, text, rows: (): Row[] => JSON.parse(text) as Row[] }
}

const tenantOf = (session: Session): string => session.grants[0]!.tenant

async function expectClean(world: FrameworkWorld): Promise<void> {
  const { wk, sessions, busy } = world
  await expect.poll(() => [wk.pool.idleCount, wk.pool.waitingCount]).toEqual([wk.pool.totalCount, 0])
  await expect.poll(busy).toBe(0)
  for (const [n, session] of sessions.entries()) {
    const { status, rows } = await send(world, "/patients", { cookie: String(n) })
    expect(status).toBe(200)
    expect(new Set(rows().map((row) => row.clinic_id))).toEqual(new Set([tenantOf(session)]))
  }
}

export const frameworkCases = {
  "without a session": async (world) => {
    for (const path of ["/patients", "/patients/slow"]) {
      const { status, text } = await send(world, path)
      expect([status, JSON.parse(text).code]).toEqual([401, "WK101"])
    }
    expect((await send(world, "/patients", { body: { name: world.mark } })).status).toBe(401)
    expect(await world.count(world.mark)).toBe(0)
  },
  "500 interleaved requests": async (world) => {
    const answers = await Promise.all(
      Array.from({ length: 500 }, async (_, n) => {
        const { status, rows } = await send(world, n % 50 === 0 ? "/patients/slow" : "/patients", {
          cookie: String(n % 2),
        })
        return (
          status === 200 &&
          rows().length > 0 &&
          rows().every((row) => row.clinic_id === tenantOf(world.sessions[n % 2]!))
        )
      }),
    )
    expect(answers.filter((right) => !right)).toEqual([])
    await expectClean(world)
  },
  "a body that is read first": async (world) => {
    // 90 kB arrive in several pieces: what parses them must not lose the context.
    const body = { name: world.mark, padding: "x".repeat(90_000) }
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, n) => send(world, "/patients", { cookie: String(n % 2), body })),
    )
    for (const [n, { status, rows }] of made.entries())
      expect([status, rows()[0]?.clinic_id]).toEqual([200, tenantOf(world.sessions[n % 2]!)])
    expect(await world.count(world.mark)).toBe(20)
  },
  rollback: async (world) => {
    expect((await send(world, "/undone", { cookie: "0", body: { name: world.mark } })).status).toBe(500)
    expect(await world.count(world.mark)).toBe(0)
    await expectClean(world)
  },
  "a refused session": async (world) => {
    const ended = await send(world, "/patients", { cookie: "ended" })
    expect([ended.status, JSON.parse(ended.text).code]).toEqual([401, "WK102"])
    const branch = world.sessions[1].grants[0]!.branches[0]!
    const foreign = await send(world, "/patients", { cookie: "0", branch })
    expect([foreign.status, JSON.parse(foreign.text).code]).toEqual([403, "WK105"])
    for (const { text } of [ended, foreign]) expect(text).not.toContain(branch)
  },
  "a session store that fails": async (world) => {
    const { status, text } = await send(world, "/patients", { cookie: "broken" })
    expect(status).toBe(500)
    expect(text).not.toContain("canary")
    await expectClean(world)
  },
  "a caller who hangs up": async (world) => {
    const { port, host } = new URL(world.origin)
    const sockets = await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const socket = connect(Number(port), "127.0.0.1")
        await once(socket, "connect")
        socket.write(`GET /patients/slow HTTP/1.1\r\nhost: ${host}\r\ncookie: ${n % 2}\r\n\r\n`)
        return socket
      }),
    )
    await expect.poll(world.busy).toBeGreaterThan(0)
    for (const socket of sockets) socket.destroy()
    await expectClean(world)
  },
} satisfies Readonly<Record<string, (world: FrameworkWorld) => Promise<void>>>

export type FrameworkCase = keyof typeof frameworkCases

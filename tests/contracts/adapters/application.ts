import { createWardkeep, type Session, type Wardkeep } from "@wardkeep/postgres"
import type { UsedClient } from "#tests/fixture/client.ts"
import type { UsedDatabase } from "#tests/harness/src/use-database.ts"
import type { Application } from "./framework.ts"

const select = "select clinic_id, full_name from patient"

export interface Stage {
  readonly sessions: readonly [Session, Session]
  newClient(): Wardkeep
  application(wk: Wardkeep): Application
  count(name: string): Promise<number>
  busy(): Promise<number>
}

/** Two receptionists of different clinics, and a third whose session is over. */
export async function stage(database: UsedDatabase, used: UsedClient): Promise<Stage> {
  const sessions = [await used.newSession("reception", 0), await used.newSession("reception", 2)] as const
  const ended = await used.newSession("reception", 1)
  await used.issuer.endSession(ended.id, "signed out")
  const store = new Map<string | undefined, Session>([...Object.entries(sessions), ["ended", ended]])
  return {
    sessions,
    newClient: () =>
      createWardkeep({
        pool: { connectionString: database.appUrl(used.clinic.logins.app), max: 3 },
        policy: used.clinic.policy,
      }),
    application: (wk) => ({
      wk,
      session: async (cookie) => {
        if (cookie === "broken") throw new Error("the session store cannot be reached")
        return store.get(cookie)
      },
      scope: (branch) => (branch === undefined ? {} : { branch }),
      list: async () => (await wk.query(select)).rows,
      slow: async () => (await wk.query(`${select}, (select pg_sleep(0.1)) late`)).rows,
      create: async (body) => {
        const { name } = body as { name: string }
        return (await wk.query("insert into patient (full_name) values ($1) returning clinic_id, full_name", [name]))
          .rows
      },
      undone: async (body) =>
        await wk.tx(async (q) => {
          await q.query("insert into patient (full_name) values ($1)", [(body as { name: string }).name])
          throw new Error("undo")
        }),
    }),
    count: async (name) =>
      (await used.admin<{ n: number }>("select count(*)::int as n from patient where full_name = $1", [name]))[0]!.n,
    busy: async () => {
      const text = "select from pg_stat_activity where usename = $1 and state <> 'idle'"
      return (await used.admin(text, [used.clinic.logins.app.user])).length
    },
  }
}

"use server"

import { z } from "zod"
import { act, mustHave } from "../action"
import { wk } from "../context"
import { parts } from "../parts"

/** One of one's own; it is refused on its next statement. */
export const endSession = act(async (form, { session }, words) => {
  const { id } = z.object({ id: z.string().min(1).max(80) }).parse(form)
  // Asked of the database: whoever lost this session ends no other with it.
  await wk.query("select wardkeep.actor()")
  mustHave((await parts.issuer.listSessions(session.actor)).filter((one) => one.id === id))
  await parts.issuer.endSession(id, "revoked by its owner")
  parts.logins.forget(id)
  return words.ended
})

import { WardkeepError } from "@wardkeep/core"
import { requirePeer } from "../peer.js"

/** `jose`, once it is needed: it is an optional peer, and the subpath can be imported without it. */
export async function jose(): Promise<typeof import("jose")> {
  requirePeer("jose", { from: [6, 0], below: [7, 0] })
  try {
    return await import("jose")
  } catch (cause) {
    throw new WardkeepError("WK009", { message: "jose is not installed", hint: "npm i jose@6", cause })
  }
}

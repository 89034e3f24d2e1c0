import { headers } from "next/headers"

/** For the limit on guesses: the peer, or whom the one proxy in front took the request from. What stands before it anybody wrote. */
export async function callerAddress(): Promise<string> {
  return (await headers()).get("x-forwarded-for")?.split(",").at(-1)?.trim() ?? ""
}

/** How the list of open sessions calls this browser. */
export async function browserName(): Promise<string> {
  return ((await headers()).get("user-agent") ?? "unknown").slice(0, 80)
}

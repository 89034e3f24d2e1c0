import { headers } from "next/headers"

/** For the limit on guesses; Next sets it to the peer's address where no proxy in front of it does. */
export async function callerAddress(): Promise<string> {
  return (await headers()).get("x-forwarded-for") ?? ""
}

/** How the list of open sessions calls this browser. */
export async function browserName(): Promise<string> {
  return ((await headers()).get("user-agent") ?? "unknown").slice(0, 80)
}

import { unstable_cache } from "next/cache"
import { clinic, list } from "../clinic"

/** Rows, and when they were read: an answer from a cache has the time of the first. */
const read = async () => ({ at: performance.now(), rows: await list() })
type Read = Awaited<ReturnType<typeof read>>

async function shared(key: string): Promise<Read> {
  "use cache"
  return await clinic.within(key, read)
}

async function forEverybody(): Promise<Read> {
  "use cache"
  return await read()
}

async function keyAskedInside(): Promise<Read> {
  "use cache"
  return await clinic.within(await clinic.tenantKey(), read)
}

async function cacheInside(key: string): Promise<Read> {
  "use cache"
  return await clinic.within(key, unstable_cache(read, ["inside use cache"]))
}

/** Ways to keep rows: the first two as they should be, the others as somebody might. */
export const ways: Readonly<Record<string, () => Promise<Read>>> = {
  cached: clinic.cached(unstable_cache, "list", read, { revalidate: 60 }),
  shared: async () => await shared(await clinic.tenantKey()),
  bare: unstable_cache(read, ["bare"]),
  "use cache, no key": forEverybody,
  "use cache, key asked inside": keyAskedInside,
  "a made-up key": async () => await shared("wk1-0"),
  "a key closed over": async () => {
    const key = await clinic.tenantKey()
    return await unstable_cache(async () => await clinic.within(key, read), ["closed over"])()
  },
  "a cache in a cache": clinic.cached(unstable_cache, "outer", unstable_cache(read, ["inner"])),
  "a cache in use cache": async () => await cacheInside(await clinic.tenantKey()),
}

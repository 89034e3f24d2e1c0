import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** How this server treats its callers; each is a way in which a test can go wrong. */
export interface Manners {
  /** Routes that forget whose a row is. */
  readonly open?: readonly string[]
  /** Requests in one second before 429. */
  readonly limit?: number
  /** Cookies that are no longer valid. */
  readonly expired?: readonly string[]
}

export interface Shop {
  readonly origin: string
  readonly arrivals: { readonly at: number; readonly method: string; readonly path: string; readonly marked: boolean }[]
  close(): Promise<void>
}

interface Order {
  readonly id: number
  readonly shop: string
  readonly customer: string
  readonly item: string
  readonly note: string
}

const words = ["blue lamp", "oak chair", "desk fan", "wall clock", "tea set", "floor mat"]
const people = ["Mina Patel", "Ravi Kumar", "Sara Thomas", "John Mathew", "Lata Joshi", "Imran Khan"]

/** Numbers for ids, plain words for values, one counter for both shops: nothing here is unguessable. */
export const orders: readonly Order[] = Array.from({ length: 12 }, (_, index) => ({
  id: index + 1,
  shop: index % 2 === 0 ? "north" : "south",
  customer: `${people[index % 6]} ${["Senior", "Junior"][Math.floor(index / 6)]}`,
  item: words[index % 6] ?? "",
  note: `deliver to gate ${index + 20}, ring twice`,
}))
const products = words.map((name, index) => ({
  id: index + 1,
  name,
  price: 1_000 + index * 10,
  made_in: "Jaipur, Rajasthan",
}))

/** A server in memory with two tenants and short ids. */
export async function openShop(manners: Manners = {}): Promise<Shop> {
  const arrivals: { at: number; method: string; path: string; marked: boolean }[] = []
  const server = createServer((request, response) => {
    const at = performance.now()
    const path = request.url ?? "/"
    const marked = request.headers["x-wardkeep-probe"] !== undefined
    arrivals.push({ at, method: request.method ?? "", path, marked })
    const recent = arrivals.filter((one) => at - one.at < 1_000).length
    if (manners.limit !== undefined && recent > manners.limit) {
      response.writeHead(429, { "retry-after": "1" }).end()
      return
    }
    answer(request, response, manners)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { open = [], expired = [] }: Manners,
): ServerResponse {
  const json = (status: number, value: unknown): ServerResponse =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value))
  const url = new URL(request.url ?? "/", "http://shop.test")
  const shop = /shop=(\w+)/.exec(request.headers.cookie ?? "")?.[1] ?? ""
  if (shop === "" || expired.includes(shop)) return json(401, { error: "sign in" })
  const own = (route: string) => orders.filter((order) => order.shop === shop || open.includes(route))
  const [, collection = "", id, part] = url.pathname.split("/")
  const one = (list: readonly { id: number }[]): ServerResponse => {
    const row = list.find((item) => String(item.id) === id)
    return row === undefined ? json(404, { error: "nothing here" }) : json(200, row)
  }
  if (collection === "products") return id === undefined ? json(200, products) : one(products)
  if (collection !== "orders") return json(404, { error: "no such page" })
  if (id === undefined) return json(200, own("/orders").slice(0, 4))
  if (part === "label") {
    const row = own("/orders/label").find((order) => String(order.id) === id)
    return row === undefined ? json(404, { error: "nothing here" }) : json(200, { to: row.customer, gate: row.note })
  }
  return one(own("/orders/id"))
}

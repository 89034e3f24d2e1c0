import type { Account, Call, Header } from "./exchange.js"
import { signatureIn } from "./links.js"

/** A curl line that shows the same again. Credentials, signatures and values of people are placeholders. */
export function curlOf(call: Call, attacker: Account | undefined, marker: Header): string {
  const chosen = new Set(call.headers.map(([name]) => name.toLowerCase()))
  const own = attacker === undefined ? [] : [...attacker.ambient, ...attacker.credentials]
  const credentials = own
    .filter(([name]) => !chosen.has(name.toLowerCase()))
    .map(([name]) => ` -H "${name}: $${variable(attacker?.name ?? "", name)}"`)
  const usual = [...call.headers.filter(([name, value]) => !(name === "accept" && value === "*/*")), marker]
  const headers = usual.map(([name, value]) => ` -H ${quoted(`${name}: ${hidden(value)}`)}`)
  const method = call.method === "HEAD" ? " --head" : call.method === "GET" ? "" : ` -X ${call.method}`
  const body = call.body === undefined ? "" : ` --data ${quoted(hidden(call.body))}`
  const said = (call.messages ?? []).map((message) => ` # then send ${hidden(message)}`).join("")
  return `curl -sS -i${method}${headers.join("")}${credentials.join("")}${body} ${quoted(addressOf(call))}${said}`
}

function addressOf(call: Call): string {
  const sign = signatureIn(call)
  const address = hidden(call.url)
  return sign === undefined
    ? address
    : address.replace(encodeURIComponent(sign[1]), "SIGNATURE").replace(sign[1], "SIGNATURE")
}

const variable = (account: string, header: string): string => `${account}_${header}`.toUpperCase().replace(/\W/g, "_")

/** Ids stay, or nobody could run it; telephone numbers and addresses of people do not. */
const hidden = (text: string): string =>
  text.replace(/[\w.+-]+(@|%40)[\w-]+(\.[\w-]+)+/g, "EMAIL").replace(/(?<![\w-])(\+|%2B)?\d{9,15}(?![\w-])/g, "NUMBER")

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

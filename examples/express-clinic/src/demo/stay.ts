import { stdin } from "node:process"
import { createInterface } from "node:readline"
import type { Person } from "../data/people.js"
import { currentCode } from "../login/second-factor.js"
import { heading, line } from "./print.js"
import type { Stage } from "./stage.js"

/** Says how to go on by hand, and waits for Ctrl-C. */
export async function stayUp(stage: Stage): Promise<void> {
  const person = stage.people.doctorOfTwo
  const login = JSON.stringify({ email: person.email, password: person.password })
  const at = stage.origin
  heading(`The API is up at ${at}`)
  line(`  open ${at}/openapi.json`)
  line(`  A doctor of two branches who has not signed in yet:`)
  line(`    email ${person.email}   password ${person.password}`)
  line(`    second factor: Enter prints the current code (a code works once, a new one comes every 30 seconds);`)
  line(`    or add this secret to an authenticator app: ${person.totpSecret}`)
  heading("Paste this")
  line(
    `  T=$(curl -s ${at}/login -H 'content-type: application/json' -d '${login}' | sed 's/.*"ticket":"\\([^"]*\\)".*/\\1/')`,
  )
  line(`  C=${currentCode(person.totpSecret, Date.now())}   # the code now; Enter here prints the next`)
  line(
    `  curl -s -c clinic.cookie ${at}/login/code -H 'content-type: application/json' -d "{\\"ticket\\":\\"$T\\",\\"code\\":\\"$C\\"}"`,
  )
  line(`  curl -s -b clinic.cookie ${at}/patients?search=des`)
  line(`  curl -s -b clinic.cookie ${at}/patients/${stage.home.patient.id}              # yours`)
  line(
    `  curl -s -b clinic.cookie ${at}/patients/${stage.elsewhere.patient.id}              # exists, in ${stage.elsewhere.branch.name}`,
  )
  line(`  psql '${stage.appUrl}' -c 'select * from patient'   # the application's own login, without a context`)
  line("\nCtrl-C stops everything and leaves nothing behind.")
  await untilInterrupted(person)
}

function untilInterrupted(person: Person): Promise<void> {
  const input = createInterface({ input: stdin })
  input.on("line", () => line(`  code ${currentCode(person.totpSecret, Date.now())}`))
  return new Promise((resolve) => {
    const stop = (): void => {
      input.close()
      resolve()
    }
    // A terminal's Ctrl-C reaches readline first.
    input.once("SIGINT", stop)
    process.once("SIGINT", stop)
    process.once("SIGTERM", stop)
  })
}

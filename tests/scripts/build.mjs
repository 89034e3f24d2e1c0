import { build, install } from "./bootstrap.mjs"

await install()
await build()

/** What starts another front end of the clinic where nothing is yet: a server, the data set, the codes of its people. */
export { makeWorld } from "./data/world.js"
export { setUp } from "./database/setup.js"
export { openServer } from "./demo/server.js"
export { currentCode } from "./login/second-factor.js"

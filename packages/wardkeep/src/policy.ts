export { definePolicy } from "@wardkeep/core"

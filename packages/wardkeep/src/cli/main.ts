import { Command } from "commander"

await new Command("wardkeep").description("Branch isolation enforced by PostgreSQL").parseAsync()

export * from "@wardkeep/adapters/nestjs"

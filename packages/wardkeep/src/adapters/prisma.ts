export * from "@wardkeep/adapters/prisma"

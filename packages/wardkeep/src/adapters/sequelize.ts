export * from "@wardkeep/adapters/sequelize"

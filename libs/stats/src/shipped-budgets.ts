import type { BudgetSettings } from './alert-budget.ts'

/** A budget of false alerts, with how it is kept. */
export interface ShippedBudget extends BudgetSettings {
  /** Alerts a day for each member. */
  perDay: number
}

const KEPT = {
  halfLifeDays: 14,
  pseudoBlocks: 48,
  priorBlocks: 4,
  ownBlocks: 72,
  parentMargin: 1.05,
  holdMs: 6 * 3_600_000,
}

/** Entities by tier 3's score; the prior is what hours of quiet servers of several kinds show. */
export const ENTITY_BUDGET: ShippedBudget = { ...KEPT, perDay: 0.05, prior: { median: 1.1, rare: 5 } }

/** Entities with hours of history, such as pods of a new revision, by the agreement of their views. */
export const YOUNG_ENTITY_BUDGET: ShippedBudget = { ...KEPT, perDay: 0.05, prior: { median: 0.75, rare: 2 } }

/** Single series, by the root of tier 1's surprise. */
export const SERIES_BUDGET: ShippedBudget = { ...KEPT, perDay: 0.01, prior: { median: 1.5, rare: 5 } }

/** Series that someone vouches for (service levels), by their novelty. */
export const SERVICE_LEVEL_BUDGET: ShippedBudget = { ...KEPT, perDay: 0.01, prior: { median: 2.6, rare: 5.6 } }

/** Single series by Half-Space Trees: decades that their score lacks to 1. It can lack 2.7 at most. */
export const TREES_BUDGET: ShippedBudget = { ...KEPT, perDay: 0.01, prior: { median: 1.3, rare: 2.3 } }

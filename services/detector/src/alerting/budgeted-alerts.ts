import {
  Alerts,
  type AlertMemberState,
  type AlertStep,
  type BudgetGroupState,
  type ShippedBudget,
} from '@kubewise/stats'

/** Where thresholds are shared, from the many to the few: a metric, then the workload it is of. */
type Path = readonly string[]

interface Group {
  index: number
  /** Members and groups below that it is needed by. */
  users: number
  parent?: Group
  path: Path
}

export interface BudgetedAlertsState {
  groups: [path: Path, state: BudgetGroupState][]
}

const keyOfPath = (path: Path) => JSON.stringify(path)

/** Alerts of one budget, whose members share thresholds by name. Groups that nobody is in any more make room for others. */
export class BudgetedAlerts {
  readonly #alerts: Alerts
  readonly #groups = new Map<string, Group>()
  /** Indexes of groups that nobody needs, by their parent's. */
  readonly #free = new Map<number, number[]>()
  readonly #groupOf: (Group | undefined)[] = []
  readonly #spare: number[] = []
  readonly perDay: number

  constructor(budget: ShippedBudget) {
    this.#alerts = new Alerts(budget)
    this.perDay = budget.perDay
  }

  /** @returns a member's index */
  join(path: Path): number {
    const group = this.#use(path)
    const spare = this.#spare.pop()
    const member = spare ?? this.#alerts.add(group.index)
    if (spare !== undefined) this.#alerts.reset(member, group.index)
    this.#groupOf[member] = group
    return member
  }

  leave(member: number): void {
    const group = this.#groupOf[member]
    if (!group) return
    this.#groupOf[member] = undefined
    this.#spare.push(member)
    this.#release(group)
  }

  /** @see Alerts.learn */
  learn(member: number, timeMs: number, score: number, factor: number, shiftOf?: () => number): AlertStep {
    return this.#alerts.learn(member, timeMs, score, factor, shiftOf)
  }

  /** Days that pass between hours in which the like of this member reach such a score. */
  daysBetween(member: number, score: number): number {
    return this.#alerts.daysBetween(this.#groupOf[member]!.index, score)
  }

  stateOf(member: number): AlertMemberState {
    return this.#alerts.stateOf(member)
  }

  restoreMember(member: number, state: AlertMemberState): void {
    this.#alerts.restore(member, state)
  }

  state(): BudgetedAlertsState {
    return {
      groups: [...this.#groups.values()].map(({ path, index }) => [path, this.#alerts.stateOfGroup(index)]),
    }
  }

  /** To be called before the members join: what their groups knew is theirs again. */
  restore({ groups }: BudgetedAlertsState): void {
    for (const [path, state] of groups) {
      const group = this.#use(path)
      group.users -= 1
      this.#alerts.restoreGroup(group.index, state)
    }
  }

  /** After a restore and once the members have joined: groups that none of them is in are let go. */
  forgetUnused(): void {
    for (const group of this.#groups.values())
      if (group.users === 0 && group.parent) {
        group.users = 1
        this.#release(group)
      }
  }

  #use(path: Path): Group {
    const key = keyOfPath(path)
    let group = this.#groups.get(key)
    if (!group) {
      const parent = path.length > 1 ? this.#use(path.slice(0, -1)) : undefined
      const under = parent?.index ?? -1
      const index = this.#free.get(under)?.pop() ?? this.#alerts.addGroup(under)
      group = { index, users: 0, path, ...(parent && { parent }) }
      this.#groups.set(key, group)
    }
    group.users += 1
    return group
  }

  /** What is learnt of all workloads together outlives each of them; a workload's own goes with its last member. */
  #release(group: Group): void {
    group.users -= 1
    if (group.users > 0 || !group.parent) return
    this.#groups.delete(keyOfPath(group.path))
    this.#alerts.resetGroup(group.index)
    const free = this.#free.get(group.parent.index) ?? []
    free.push(group.index)
    this.#free.set(group.parent.index, free)
    this.#release(group.parent)
  }
}

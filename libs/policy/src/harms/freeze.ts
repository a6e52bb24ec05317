import type { Facts } from '@kubewise/contracts'
import type { Harm } from './harm.ts'

/** Of a cluster's nodes, and at least two: a partition, or our own view of it. */
const LOST_SHARE = 0.3
const LOST_NODES = 2

/** Images that come again by waiting, or by a person; whatever is running now could not come back. */
const UNREACHED: ReadonlySet<string> = new Set(['unauthorized', 'rate-limited', 'unreachable'])

/** A new release names a host that nobody answers at, and nobody else waits for it: going back is what helps. All else stays forbidden by its failing image. */
const isOneReleasesOwn = ({ problem, introducedByRollout, otherTargets }: Facts['image']): boolean =>
  problem === 'unreachable' && introducedByRollout && otherTargets === 0

const nodesAreLost = ({ cluster }: Facts): boolean =>
  cluster.nodesNotReady >= LOST_NODES && cluster.notReadyShare > LOST_SHARE

/** What forbids every change: nothing that goes away now could come back, or nobody can tell what a change would do. */
export const FREEZE: readonly Harm[] = [
  {
    code: 'storm',
    catalogue: [29],
    by: 'all',
    when: ({ cluster }) => cluster.storm,
    say: 'Too much fell ill at once; the cause is elsewhere, and nothing is changed until a person has looked.',
  },
  {
    code: 'nodes-lost',
    catalogue: [29],
    by: 'all',
    when: nodesAreLost,
    say: 'Many nodes are not ready at once; moving work now could take all of it down.',
  },
  {
    code: 'creation-refused',
    catalogue: [20, 21, 22],
    by: 'all',
    when: ({ creation }) => creation.refused,
    say: 'New pods are not admitted (quota, Pod Security or a webhook); whatever goes away now does not come back.',
  },
  {
    code: 'image-unreached',
    catalogue: [14, 15],
    by: 'all',
    when: ({ image }) => image.failing && UNREACHED.has(image.problem) && !isOneReleasesOwn(image),
    say: 'Images cannot be pulled from their registry; whatever goes away now does not come back.',
  },
  {
    code: 'owned-elsewhere',
    catalogue: [43],
    by: 'all',
    // Who owns it openly is asked by the guard on ownership, and a plan that it refuses comes with a patch to commit.
    when: ({ target }) => target.revertedBy !== '',
    say: 'Somebody took the last change of KubeWise back; they would take this one back too.',
  },
  {
    code: 'scaled-to-zero',
    catalogue: [41],
    by: 'all',
    when: ({ target }) => target.scaledToZero,
    say: 'Somebody scaled it to 0, which is a wish.',
  },
  {
    code: 'job',
    catalogue: [40],
    by: 'all',
    when: ({ job }) => job.exists,
    say: 'Work of a Job may not be repeated or changed by anyone but who wrote it.',
  },
]

import type { ExecutionStep } from '@kubewise/contracts'

const SEPARATOR = '/'

/** The step of one of the objects that a step is about: known by that object's uid, so that it is added once. */
export const memberId = (parent: string, uid: string): string => `${parent}${SEPARATOR}${uid}`

/** Is this a step on a pod that a step on several added for it? That one carries it out. */
export const isMember = ({ id, object }: Pick<ExecutionStep, 'id' | 'object'>): boolean =>
  object.uid !== undefined && id.endsWith(`${SEPARATOR}${object.uid}`)

export const isMemberOf = (parent: string, step: ExecutionStep): boolean =>
  isMember(step) && step.id.startsWith(`${parent}${SEPARATOR}`)

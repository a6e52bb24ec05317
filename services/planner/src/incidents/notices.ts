import type { Bus } from '@kubewise/bus'
import { idOf, subjects, type Incident, type IncidentNotice } from '@kubewise/contracts'

/** Tells the world what an incident is now. The same state has the same message id, so that telling it twice is harmless. */
export async function publishIncident(
  bus: Pick<Bus, 'publish'>,
  incident: Incident,
  change: IncidentNotice['change'],
): Promise<void> {
  const notice: IncidentNotice = { kind: 'incident', change, incident }
  const id = idOf('incident-notice', incident._id, incident.version)
  await bus.publish(subjects.incident(incident.target), notice, { id })
}

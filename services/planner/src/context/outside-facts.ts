import type { Facts, IncidentSignal } from '@kubewise/contracts'
import type { Context } from './context.ts'
import { creationRefusal } from './creation-facts.ts'
import { plainName } from './plain-name.ts'
import { allEvidence, type FoundEvidence } from './evidence-features.ts'

const isAlert = ({ source }: IncidentSignal) => source === 'alert'

/** The name that the team gave its alert; a rule of our own stands for all of them where the detector names none. */
const alertName = ({ signal, text }: FoundEvidence) => plainName(text('alert') || text('name') || signal.rule)

/** The team's own alerts that go on. Their names are the team's; their text is not here. */
export function alertFacts(context: Context): Facts['alerts'] {
  return allEvidence(context, isAlert).map((found) => ({
    name: alertName(found),
    severity: found.signal.severity,
    ageSeconds: Math.max(0, (context.nowMs - found.signal.startedMs) / 1000),
  }))
}

const CERTIFICATE_EXPIRED = /cert(ificate)?s?[-_]?.*(expir|not_?ready)|x509/i
const FORBIDDEN = /forbidden|unauthori[sz]ed|rbac|permission_?denied|access_?denied/i
const SECRET_ROTATED = /(secret|credential|password|token)s?[-_]?.*(rotat|changed)/i

/**
 * Certificates, permissions and credentials, by the names of outside alerts and rules alone, and for a webhook's certificate
 * by the API server's own words. No Secret is read, so none of these is proof: an action needs a second witness. That a secret was
 * rotated speaks for a restart, so what somebody calls an alert does not say it: names from outside can only forbid.
 */
export function identityFacts(context: Context): Facts['identity'] {
  const own = context.incident.signals
    .filter((signal) => signal.resolvedMs === undefined && !isAlert(signal))
    .map(({ rule, metric = '' }) => `${rule} ${metric}`)
  const names = [...alertFacts(context).map(({ name }) => name), ...own]
  const is = (what: RegExp) => names.some((name) => what.test(name))
  return {
    certificateExpired: is(CERTIFICATE_EXPIRED) || creationRefusal(context)?.isCertificateExpired === true,
    forbidden: is(FORBIDDEN),
    secretRotated: own.some((name) => SECRET_ROTATED.test(name)),
  }
}

/** What became a part of this incident. */
export function correlationFacts({ incident }: Context): Facts['correlation'] {
  const symptoms = incident.symptoms ?? []
  return {
    symptoms: incident.symptomCount ?? symptoms.length,
    relations: [...new Set(symptoms.map(({ relation }) => relation))].sort(),
  }
}

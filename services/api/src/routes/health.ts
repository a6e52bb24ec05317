import type { Route } from '../route.ts'

const health: Route = {
  method: 'get',
  paths: ['/health'],
  summary: 'Is KubeWise’s API able to answer?',
  async answer(_request, response, { health }) {
    const { status, isReady } = health.report()
    response.status(isReady ? 200 : 503)
    return { status }
  },
}

const live: Route = {
  method: 'get',
  paths: ['/livez'],
  summary: 'Does the process live?',
  async answer(_request, response, { health }) {
    const { isLive } = health.report()
    response.status(isLive ? 200 : 503)
    return { status: isLive ? 'ok' : 'failed' }
  },
}

const extended: Route = {
  method: 'get',
  paths: ['/health/extended', '/health/detail'],
  summary: 'The state of each part.',
  async answer(_request, response, { health, bus, clock, startedMs }) {
    const { status, isReady, checks } = health.report()
    response.status(isReady ? 200 : 503)
    return {
      status,
      uptime_seconds: Math.round((clock.now() - startedMs) / 1000),
      start_time: new Date(startedMs).toISOString(),
      connections: { nats: bus.isConnected() },
      components: checks,
    }
  },
}

const figures: Route = {
  method: 'get',
  paths: ['/metrics'],
  summary: 'Figures of the API service in Prometheus’ text form.',
  async answer(_request, response, { metrics }) {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  },
}

export const healthRoutes: readonly Route[] = [health, live, extended, figures]

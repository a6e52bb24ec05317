# One image for all services; the command says which: `docker run kubewise node services/detector/src/main.ts`.
FROM node:24-slim AS dependencies
WORKDIR /app
ENV CI=true
# What package.json pins as packageManager; a test holds the two together.
RUN npm install --global --no-audit --no-fund --no-update-notifier pnpm@10.34.8
# Fetched by the lockfile alone: a change of source or of a script leaves this layer as it is, here and in the image.
# Declarations and source maps are for editors; nothing reads them at run time.
COPY pnpm-lock.yaml pnpm-workspace.yaml ./
RUN pnpm fetch --prod \
 && find node_modules \( -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.map' \) -type f -delete

FROM dependencies AS workspace
COPY package.json ./
COPY libs libs
COPY services services
# Links each package to what it depends on.
RUN pnpm install --prod --offline --frozen-lockfile

FROM node:24-slim
WORKDIR /app
# What was compiled once stays compiled. With a read-only root file system, /tmp is a tmpfs or an emptyDir.
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/tmp/node-compile-cache \
    NODE_OPTIONS=--disable-warning=ExperimentalWarning \
    HOME=/tmp \
    KUBEWISE_HOME=/var/lib/kubewise
RUN install --directory --owner=10001 --group=10001 "$KUBEWISE_HOME"
COPY --from=dependencies /app/node_modules node_modules
COPY --from=workspace /app/package.json ./
COPY --from=workspace /app/libs libs
COPY --from=workspace /app/services services
USER 10001:10001
EXPOSE 8000 9464
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.ADMIN_PORT || 9464}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "services/api/src/main.ts"]

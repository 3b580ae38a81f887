# syntax=docker/dockerfile:1
FROM node:26 AS build
WORKDIR /build
COPY package.json package-lock.json ./
# With the optional packages: the compiler's native binary is one of them.
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build
# What is left is what runs. The optional packages go too: the image brings its own Node.
RUN npm prune --omit=dev --omit=optional --no-audit --no-fund

FROM node:26-slim
LABEL org.opencontainers.image.title="firstseen" \
      org.opencontainers.image.description="A Kubernetes audit webhook backend that detects what is new or wrong, inline" \
      org.opencontainers.image.licenses="Apache-2.0"
# Node has many threads that allocate little: two of malloc's arenas do for all of them.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY rules ./rules
COPY deploy/audit-policy.yaml ./deploy/audit-policy.yaml
COPY LICENSE ./
# The command for `kubectl exec`, and the one writable folder, for the state.
RUN printf '#!/bin/sh\nexec node /app/dist/main.js "$@"\n' > /usr/local/bin/firstseen \
    && chmod 0755 /usr/local/bin/firstseen \
    && mkdir -p /var/lib/firstseen \
    && chown 65532:65532 /var/lib/firstseen
# By number, so that runAsNonRoot can be checked.
USER 65532:65532
# The receiver, and health and metrics.
EXPOSE 9443 9444
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["node", "-e", "fetch('http://127.0.0.1:9444/livez').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# A small young generation: an event is garbage as soon as its batch is answered, and the memory that it is given stays resident.
ENTRYPOINT ["node", "--max-semi-space-size=8", "/app/dist/main.js"]
CMD ["serve"]

# The worker with its built-in model. Build from a checkout:
#   docker build -t spanmill .
# What goes into the image is decided by scripts/image-files.mjs alone; test/deploy/image.test.ts runs that file set.

ARG NODE_IMAGE=node:24-trixie-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
# The runtime's install script would fetch CUDA libraries; no package here needs its script.
ENV ONNXRUNTIME_NODE_INSTALL=skip
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && node scripts/image-files.mjs /image

FROM ${NODE_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="spanmill" \
      org.opencontainers.image.description="Token classification for streams of documents: text in, exact spans out." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# The kernel gives process 1 no default actions, so a process 1 cannot end itself by a signal, as spanmill does while its
# models still load (SIGTERM) and where a thread hangs (the end by design). Hence tini; it passes signals on.
# Debian keeps one version of a package a release, so there is none to pin.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/* \
 && install --directory --owner=65532 --group=65532 /data

# Owned by root: the worker cannot write to its own code. Nothing at all is written outside /data, so that the root file
# system can be read-only.
COPY --from=build /image /app
# Probes listen on loopback; for a kubelet or a scraper set SPANMILL_PROBES__HOST=0.0.0.0 too.
ENV NODE_ENV=production \
    ORT_DISABLE_TELEMETRY=1 \
    SPANMILL_PROBES__PORT=9464
WORKDIR /data
USER 65532:65532
STOPSIGNAL SIGTERM
# Of `run`; other commands have no probes. Whether Kafka or Redis can be reached is not asked: a restart mends neither.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --start-interval=2s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SPANMILL_PROBES__PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/usr/bin/tini", "--", "node", "/app/dist/src/main.js"]
CMD ["run"]

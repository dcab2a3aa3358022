# Two stages: DuckDB is linked statically by cgo, so the runtime image needs the C++ runtime and nothing else.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=1 go build -trimpath -ldflags "-s -w" -o /out/spendbot ./cmd/spendbot

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libstdc++6 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 spendbot && mkdir /data && chown spendbot /data
COPY --from=build /out/spendbot /usr/local/bin/spendbot
USER spendbot
ENV SPENDBOT_STORE=/data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["spendbot"]
CMD ["serve", "--listen", ":8080"]

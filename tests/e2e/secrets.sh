#!/usr/bin/env bash
# Secrets that pass through docker reach no output: a variable of a container, headers of requests, a command line, and all that
# is typed and shown in an interactive session. Each secret is a word that occurs nowhere else; grep looks for it once the
# monitors have ended, so that it is in no command line of the test's own while they watch.
set -euo pipefail
. "$(dirname "$0")/lib/monitor.sh"

declare -A SECRETS
for name in variable option registry bearer typed shown body; do SECRETS[$name]="hunter2-$(head -c 9 /dev/urandom | od -An -tx1 | tr -d ' \n')"; done
make_rootfs "$HW_SCRATCH/rootfs"
printf '%s\n' "${SECRETS[shown]}" >"$HW_SCRATCH/rootfs/etc/shown"
start_dockerd
docker_image e2e/vault:1 "$HW_SCRATCH/rootfs"

# Both formats at once: two monitors watch the same.
MON_FORMAT=text start_monitor text --log-all
TEXT_DIR=$MON_DIR TEXT_PID=$MON_PID TEXT_PORT=$MON_PORT
start_monitor json --log-all

docker create --name vault --network none -e "PASSWORD=${SECRETS[variable]}" e2e/vault:1 sleep 60 >/dev/null
docker start vault >/dev/null
docker run --rm --network none e2e/vault:1 true "--db-password=${SECRETS[option]}" >/dev/null

# As docker's client sends them: the registry's account in base64, in a header; a request whose body carries a secret.
account=$(printf '{"username":"u","password":"%s"}' "${SECRETS[registry]}" | base64 -w 0)
curl -s --unix-socket "$DOCKER_SOCKET" -X POST -H "X-Registry-Auth: $account" -H "Authorization: Bearer ${SECRETS[bearer]}" \
  'http://docker/v1.41/images/create?fromImage=e2e.invalid/none&tag=1' >/dev/null || true
printf '{"Image":"e2e/vault:1","Env":["TOKEN=%s"],"HostConfig":{"Privileged":true}}' "${SECRETS[body]}" >"$HW_SCRATCH/body"
curl -s --unix-socket "$DOCKER_SOCKET" -X POST -H 'Content-Type: application/json' -d @"$HW_SCRATCH/body" \
  'http://docker/v1.41/containers/create?name=from-body' >"$HW_SCRATCH/created"

# A person at a terminal: reads one secret, and types another.
printf 'DOCKER_CONFIG=%q %q -H %q exec -it vault sh -c "cat /etc/shown; read word; test -n \\"\\$word\\" && echo taken"\n' \
  "$DOCKER_DIR/config" "$HW_DOCKER" "unix://$DOCKER_SOCKET" >"$HW_SCRATCH/session.sh"
printf '%s\n' "${SECRETS[typed]}" >"$HW_SCRATCH/typed"
(
  wait_for "$PATIENCE" grep -q hunter2 "$HW_SCRATCH/session"
  cat "$HW_SCRATCH/typed"
  wait_for "$PATIENCE" grep -q taken "$HW_SCRATCH/session"
) | script -qfec "bash $HW_SCRATCH/session.sh" "$HW_SCRATCH/session" >/dev/null || true
docker rm -f vault >/dev/null

metrics >"$MON_DIR/metrics"
MON_PORT=$TEXT_PORT metrics >"$TEXT_DIR/metrics"
check_stopped json
JSON_DIR=$MON_DIR JSON_STATE=$MON_STATE MON_DIR=$TEXT_DIR MON_PID=$TEXT_PID
check_stopped text
MON_DIR=$JSON_DIR MON_STATE=$JSON_STATE

check the_session_showed_and_took_its_secrets grep -q taken "$HW_SCRATCH/session"
check_records the_create_was_seen '.type == "runtime_request" and .runtime_request.action == "containers/create" and .runtime_request.target == "vault"'
check_records the_request_with_headers_was_seen '.type == "runtime_request" and (.runtime_request.path // "" | contains("images/create"))'
check_records the_body_was_read '.type == "runtime_request" and .runtime_request.target == "from-body" and .runtime_request.privileged'
check_records the_session_was_seen '.type == "execve" and .container.name == "vault" and .exec.args[0] == "cat"'
check_records the_command_lines_were_seen '.type == "execve" and (.exec.args | tostring | contains("docker") and contains("--db-password"))'
check the_request_is_in_the_metrics grep -q '^hullwatch_events_total{type="runtime_request"} [1-9]' "$MON_DIR/metrics"
for name in "${!SECRETS[@]}"; do
  for dir in "$JSON_DIR" "$TEXT_DIR"; do
    check_equal "${name}_is_in_no_output_of_$(basename "$dir")" "" "$(grep -rl -- "${SECRETS[$name]}" "$dir")"
  done
done
check_equal account_is_in_no_output "" "$(grep -rl -- "$account" "$JSON_DIR" "$TEXT_DIR")"
finish

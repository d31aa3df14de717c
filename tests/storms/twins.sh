#!/usr/bin/env bash
# What looks like a storm and is none, for real: a project built by make -j64, npm install, stress-ng's forks below the limits, a
# pre-forking web server's start, fifty containers started together, a shell loop of 20,000 commands. Each in a container with the
# host's programs, and make on the host too. None of it is named a fork bomb.
# HULLWATCH and ACTORS as in tests/e2e/lib/monitor.sh. Needs the Debian packages of the group `twins`.
set -euo pipefail
here=$(cd "$(dirname "$0")/../e2e" && pwd)
. "$here/lib/monitor.sh"
. "$here/lib/storms.sh"

make_rootfs "$HW_SCRATCH/rootfs" "$ACTORS/storm"
work=$HW_SCRATCH/work
mkdir -p "$work" "$HW_SCRATCH/host"/{usr,etc,proc,sys,dev,run,tmp,work}
chmod 1777 "$HW_SCRATCH/host/tmp"
for link in bin sbin lib lib64; do ln -s "usr/$link" "$HW_SCRATCH/host/$link"; done

# twin NAME COMMAND: a shell's, in a container that has the host's /usr and /etc to read and $work to write, and no network but loopback.
twin() {
  make_bundle "$HW_SCRATCH/bundles/$1" "$HW_SCRATCH/host" "" '
    .linux.resources.pids.limit = 4000 | .process.cwd = "/work" | .process.env = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/work", "LANG=C"]
    | .process.capabilities |= with_entries(.value += ["CAP_SETUID", "CAP_SETGID"])
    | .mounts += [("usr", "etc" | {destination: "/\(.)", type: "bind", source: "/\(.)", options: ["rbind", "ro"]}), {destination: "/work", type: "bind", source: "'"$work"'", options: ["bind", "rw"]}]' \
    sh -euc "$2"
  check "$1_does_its_work" runc run --bundle "$HW_SCRATCH/bundles/$1" "$1"
}

# These actors and evasions, each compiled three ways, and the actors linked.
cp -r "$HW_ROOT/tests/actors" "$HW_ROOT/tests/evasion" "$work"
cat >"$work/Makefile" <<'MAKE'
ways := O0 O1 O2
sources := $(wildcard actors/*.c evasion/*.c)
programs := $(patsubst actors/%.c,out/%,$(wildcard actors/*.c))
all: $(foreach way,$(ways),$(patsubst %.c,out/$(way)/%.o,$(sources))) $(programs)
define objects
out/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	cc -std=gnu11 -D_GNU_SOURCE -w -I$$(<D) -$(1) -c -o $$@ $$<
endef
$(foreach way,$(ways),$(eval $(call objects,$(way))))
out/%: out/O2/actors/%.o
	cc -o $@ $< -pthread
MAKE

# Thirty packages that need each other, with scripts of their own; node's and npm's files are the host's.
mkdir -p "$work/site"
dependencies=
for ((i = 1; i <= 30; i++)); do
  mkdir -p "$work/package-$i"
  printf '{"name": "package-%d", "version": "1.0.%d", "scripts": {"postinstall": "node -e 0 && sh -c true"}}\n' $i $i >"$work/package-$i/package.json"
  dependencies+="${dependencies:+, }\"package-$i\": \"file:../package-$i\""
done
printf '{"name": "site", "version": "1.0.0", "dependencies": {%s}}\n' "$dependencies" >"$work/site/package.json"

modules=/usr/lib/apache2/modules
mkdir -p "$work/web/docs"
echo hello >"$work/web/docs/index.html"
cat >"$work/web/httpd.conf" <<CONF
ServerRoot /work/web
ServerName localhost
Listen 127.0.0.1:8099
PidFile /work/web/pid
ErrorLog /work/web/error.log
DefaultRuntimeDir /work/web
LoadModule mpm_prefork_module $modules/mod_mpm_prefork.so
LoadModule authz_core_module $modules/mod_authz_core.so
DocumentRoot /work/web/docs
User nobody
Group nogroup
ServerLimit 180
StartServers 150
MinSpareServers 150
MaxSpareServers 180
MaxRequestWorkers 180
CONF
chmod -R a+rX "$work/web"

start_monitor main
# shellcheck disable=SC2016 # the containers' shells'
{
  twin make-j64 'make -s -j64'
  twin npm-install 'cd site && npm install --offline --no-audit --no-fund --install-links && test -d node_modules/package-30'
  twin stress-ng-fork 'stress-ng --fork 2 --fork-max 4 --timeout 8 --temp-path /tmp --quiet'
  twin prefork 'busybox ip link set lo up 2>/dev/null || true; apache2 -f /work/web/httpd.conf -k start
    for try in $(seq 100); do if busybox wget -q -O /work/web/got http://127.0.0.1:8099/index.html; then break; fi; busybox usleep 100000; done
    grep -qx hello /work/web/got
    workers=0; while [ $workers -lt 150 ]; do workers=$(grep -lx apache2 /proc/[0-9]*/comm 2>/dev/null | wc -l); done
    kill -TERM "$(cat web/pid)"; while [ -e web/pid ]; do busybox usleep 100000; done'
  twin shell-loop 'i=0; while [ $i -lt 20000 ]; do /bin/true; i=$((i + 1)); done'
}
rm -rf "$work/out"
check make_on_the_host_does_its_work make -s -j64 -C "$work"

for ((i = 1; i <= 50; i++)); do
  make_bundle "$HW_SCRATCH/bundles/many-$i" "$HW_SCRATCH/rootfs" "" ".linux.resources.pids.limit = 100" sh -c 'for i in 1 2 3 4 5; do /bin/true; done; sleep 1'
done
for ((i = 1; i <= 50; i++)); do
  runc run --bundle "$HW_SCRATCH/bundles/many-$i" "many-$i" </dev/null >/dev/null 2>"$HW_SCRATCH/many-$i.err" &
  many[i]=$!
done
ended=0
for pid in "${many[@]}"; do if wait "$pid"; then ended=$((ended + 1)); fi; done
check_equal fifty_containers_run_together 50 $ended

check_stopped main
check_equal none_of_it_is_a_bomb "" "$(alerts '.rule | contains("ork bomb")' | say_alerts)"
finish

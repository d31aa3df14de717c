#!/usr/bin/env bash
# A healthy node is quiet: containers come, are entered and go, people use docker, packages are installed, software is built,
# people become root as they are meant to, daemons drop and take back ids, and nothing of that is told at WARNING or above. A
# container that polls the API is told of once, and not at all when it is allowed.
set -euo pipefail
. "$(dirname "$0")/lib/monitor.sh"

make_rootfs "$HW_SCRATCH/rootfs" "$ACTORS/docker_poll"
start_dockerd
docker_image e2e/web:1 "$HW_SCRATCH/rootfs"
docker_image e2e/traefik:1 "$HW_SCRATCH/rootfs"
docker_image e2e/proxy:1 "$HW_SCRATCH/rootfs"
make_bundle "$HW_SCRATCH/bundle" "$HW_SCRATCH/rootfs" "" . sh -c 'for i in 1 2 3; do /bin/true; done'
start_podman
podman_image localhost/e2e/web:1 "$HW_SCRATCH/rootfs"
docker create --name traefik --network none -v "$DOCKER_SOCKET:/var/run/docker.sock:ro" e2e/traefik:1 docker_poll /var/run/docker.sock 20 >/dev/null
docker create --name proxy --network none -v "$DOCKER_SOCKET:/var/run/docker.sock:ro" e2e/proxy:1 docker_poll /var/run/docker.sock 20 >/dev/null

# quietly NAME COMMAND…: it works, and its share of the alerts is looked at when the monitor has stopped.
steps=0
quietly() {
  steps=$((steps + 1))
  check "$@"
}

HW_CONFIG='runtime_socket:
  allow:
    - {image: "e2e/proxy:*", actions: read, reason: "finds its routes by labels"}'
start_monitor main

docker_life() {
  docker run -d --name life --network none e2e/web:1 sleep 60 && docker exec life id && docker exec -u 1000 life ls / && docker exec life sh -c 'ps; true' &&
    docker stop -t 0 life && docker start life && docker restart -t 0 life && docker rm -f life && docker run --rm --network none --user 1000 e2e/web:1 true
}
podman_life() {
  podman run -d --name life localhost/e2e/web:1 sleep 60 && podman exec life id && podman stop -t 0 life && podman rm -f life &&
    podman run --rm --user 1000 localhost/e2e/web:1 true
}
# Names of their own: that these cgroups are containers' only runc's state files tell.
runc_life() {
  local i
  for i in 1 2 3 4 5 6; do runc run --bundle "$HW_SCRATCH/bundle" "life-$i" || return; done
}
# A member of the docker group: whoever may write to the socket.
docker_group_user() {
  chgrp 31999 "$DOCKER_SOCKET" && DOCKER_CONFIG=/nonexistent setpriv --reuid 31998 --regid 31998 --groups 31999 \
    "$HW_DOCKER" -H "unix://$DOCKER_SOCKET" "$@"
}
privileges() {
  su -s /bin/sh nobody -c id && su -c id && sudo -n id && sudo -n -u nobody id && setpriv --reuid 65534 --clear-groups id &&
    "$ACTORS/setid" toggle 1000 && ! setpriv --reuid 65534 --regid 65534 --clear-groups sudo -n id
}
# A real project: these very actors, configured by CMake as anybody's would be, and built by make. setuid programs and all.
project() {
  mkdir -p "$HW_SCRATCH/project"
  cp "$HW_ROOT"/tests/actors/*.[ch] "$HW_SCRATCH/project"
  cat >"$HW_SCRATCH/project/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(actors C)
find_package(Threads REQUIRED)
file(GLOB actors *.c)
foreach(actor ${actors})
  get_filename_component(name ${actor} NAME_WE)
  add_executable(${name} ${actor})
  target_link_libraries(${name} Threads::Threads)
endforeach()
CMAKE
  cmake -G 'Unix Makefiles' -S "$HW_SCRATCH/project" -B "$HW_SCRATCH/project/build" && make -s -j4 -C "$HW_SCRATCH/project/build"
}
# A package of the distribution: fetched as its own user, verified, unpacked.
published_package() {
  dpkg -s hello >/dev/null 2>&1 || at_exit dpkg --purge hello
  apt-get install -y --reinstall -o DPkg::Lock::Timeout=60 hello && hello
}
# cron's daemon, with a table of its own; it starts its jobs at the full minute.
crond() {
  mkdir -p "$HW_SCRATCH/crontabs"
  printf '* * * * * id >%s/cron_ran\n' "$HW_SCRATCH" >"$HW_SCRATCH/crontabs/root"
  busybox crond -f -c "$HW_SCRATCH/crontabs" -L "$HW_SCRATCH/crond.log" &
  at_exit stop_pid $!
}
# One with scripts, made here: apt installs it from the file, dpkg runs them.
package() {
  mkdir -p "$HW_SCRATCH/package/DEBIAN"
  printf 'Package: hullwatch-e2e\nVersion: 1\nArchitecture: all\nMaintainer: tests <tests@invalid>\nDescription: empty package of the tests\n' \
    >"$HW_SCRATCH/package/DEBIAN/control"
  printf '#!/bin/sh\nset -e\nid\n' | tee "$HW_SCRATCH/package/DEBIAN/postinst" >"$HW_SCRATCH/package/DEBIAN/prerm"
  chmod 755 "$HW_SCRATCH"/package/DEBIAN/{postinst,prerm}
  dpkg-deb --root-owner-group -b "$HW_SCRATCH/package" "$HW_SCRATCH/hullwatch-e2e.deb" >/dev/null
  at_exit dpkg --purge hullwatch-e2e
}
package
crond

quietly docker_containers_live_and_end docker_life
quietly podman_containers_live_and_end podman_life
quietly runc_containers_live_and_end runc_life
quietly docker_group_user_lists docker_group_user ps
quietly docker_group_user_runs_a_container docker_group_user run --rm --network none e2e/web:1 true
quietly packages_are_installed apt-get install -y -o DPkg::Lock::Timeout=60 "$HW_SCRATCH/hullwatch-e2e.deb"
quietly packages_are_removed dpkg --purge hullwatch-e2e
quietly a_published_package_is_installed published_package
quietly software_is_built project
quietly people_become_others privileges
docker start traefik proxy >/dev/null
check_equal twenty_polls_were_answered "0 0" "$(docker wait traefik proxy | tr '\n' ' ' | sed 's/ $//')"
quietly cron_runs_its_job wait_for 90 test -s "$HW_SCRATCH/cron_ran"

check_stopped monitor
check_equal nothing_is_told_of_at_warning_or_above "" "$(alerts "$SERIOUS and .container.name != \"traefik\" and .container.name != \"proxy\"" | say_alerts)"
check_equal a_container_that_polls_raises_one_warning "Warning Container reads a runtime's API" "$(alerts ".container.name == \"traefik\" and $SERIOUS" | jq -r '"\(.priority) \(.rule)"')"
check_equal a_container_that_is_allowed_raises_none "" "$(alerts ".container.name == \"proxy\" and $SERIOUS" | say_alerts)"
check_equal a_container_that_is_allowed_is_still_recorded true "$([ -n "$(alerts '.container.name == "proxy" and .priority == "Notice"')" ] && echo true)"
check_equal who_became_root_is_recorded true "$([ -n "$(alerts '.rule == "Root gained on the host" and (.process.exe | endswith("/sudo"))')" ] && echo true)"
finish

# Sourced by suites.sh and quickstart: configuring and building a preset of CMakePresets.json.

HW_JOBS=${HULLWATCH_JOBS:-$(nproc)}

# build PRESET [TARGET…]: configures when needed and builds; says what it does only when it fails.
build() {
  local preset=$1 arguments=()
  shift
  if command -v ccache >/dev/null; then
    # Another clone of the tree on this machine finds what this one compiled.
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$HW_ROOT CCACHE_NOHASHDIR=1
  fi
  if [ $# -gt 0 ]; then arguments=(--target "$@"); fi
  hw_quietly cmake -S "$HW_ROOT" --preset "$preset" && hw_quietly cmake --build "$HW_ROOT/build/$preset" -j "$HW_JOBS" "${arguments[@]}"
}

hw_quietly() {
  local said
  said=$("$@" 2>&1) || {
    printf '%s\n' "$said" >&2
    return 1
  }
}

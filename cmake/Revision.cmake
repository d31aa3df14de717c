# Run at build time (cmake -P): writes OUTPUT, a header with version and git revision, only when it changed.
execute_process(COMMAND git -C ${SOURCE_DIR} describe --always --dirty --abbrev=12
  OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR revision STREQUAL "")
  set(revision "unknown")
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT
  "#pragma once\n#define HULLWATCH_VERSION \"@VERSION@\"\n#define HULLWATCH_REVISION \"@revision@\"\n" @ONLY)

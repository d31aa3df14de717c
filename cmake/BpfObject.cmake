# The BPF side: every unit is compiled by clang, all are linked into ONE object, and its skeleton becomes a header.
# bpf/provide/**/*.bpf.c is globbed: a new program is a new file, nothing to register here.
find_program(CLANG NAMES clang clang-19 clang-16 clang-14 REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

# <linux/types.h> leads to <asm/types.h>, which Debian keeps under the multiarch directory. Only integer types come from it.
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-multiarch OUTPUT_VARIABLE multiarch OUTPUT_STRIP_TRAILING_WHITESPACE)
set(HULLWATCH_BPF_FLAGS
  # v2: kernel 5.10 runs it, and clang keeps the plain xadd it knows.
  -target bpf -mcpu=v2 -O2 -g -std=gnu11 -D__BPF__
  -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-declarations
  -I${PROJECT_SOURCE_DIR}/bpf -I${PROJECT_SOURCE_DIR}/include -idirafter /usr/include/${multiarch})
string(REGEX MATCH "^(aarch64|arm64)" is_arm "${CMAKE_SYSTEM_PROCESSOR}")
if(is_arm)
  set(HULLWATCH_BPF_ARCH arm64)
else()
  set(HULLWATCH_BPF_ARCH x86)
endif()

# hullwatch_bpf_units(out arch source…): compiles each source for `arch` (x86 or arm64) and puts the objects' paths into `out`.
function(hullwatch_bpf_units out arch)
  set(objects)
  foreach(source ${ARGN})
    file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR}/bpf ${source})
    string(REPLACE "/" "_" name ${name})
    string(MAKE_C_IDENTIFIER ${name} unit)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${arch}/${name}.o)
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/${arch}
      COMMAND ${CLANG} ${HULLWATCH_BPF_FLAGS} -D__TARGET_ARCH_${arch} -DHW_UNIT=${unit} -MD -MF ${object}.d -c ${source} -o ${object}
      DEPENDS ${source}
      DEPFILE ${object}.d
      COMMENT "BPF (${arch}) ${name}"
      VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set(${out} ${objects} PARENT_SCOPE)
endfunction()

# hullwatch_bpf_skeleton(target name object…): links the objects into <name>.bpf.o and makes the INTERFACE target that brings
# <name>.skel.h, whose struct is <name>_bpf.
function(hullwatch_bpf_skeleton target name)
  set(linked ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(header ${CMAKE_CURRENT_BINARY_DIR}/include/${name}.skel.h)
  add_custom_command(
    OUTPUT ${linked}
    COMMAND ${BPFTOOL} gen object ${linked} ${ARGN}
    DEPENDS ${ARGN}
    COMMENT "BPF link ${name}"
    VERBATIM)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/include
    # Redirection needs a shell; a half-written header must not survive a failure.
    COMMAND sh -c "\"$1\" gen skeleton \"$2\" name \"$3\" > \"$4.tmp\" && mv \"$4.tmp\" \"$4\"" sh
            ${BPFTOOL} ${linked} ${name}_bpf ${header}
    DEPENDS ${linked}
    COMMENT "BPF skeleton ${name}"
    VERBATIM)
  add_custom_target(${target}_header DEPENDS ${header})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_header)
  # SYSTEM: the generated code is not held to our warnings.
  target_include_directories(${target} SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR}/include)
  target_link_libraries(${target} INTERFACE PkgConfig::LIBBPF)
endfunction()

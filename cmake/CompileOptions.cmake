# hullwatch_options: what every one of our C++ targets is compiled with.
add_library(hullwatch_options INTERFACE)
target_compile_features(hullwatch_options INTERFACE cxx_std_20)
target_compile_options(hullwatch_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=maybe-uninitialized -Wno-error=stringop-overflow -Wno-error=restrict>
  -fno-omit-frame-pointer -fstack-protector-strong)
if(HULLWATCH_SANITIZE)
  target_compile_options(hullwatch_options INTERFACE -fsanitize=${HULLWATCH_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(hullwatch_options INTERFACE -fsanitize=${HULLWATCH_SANITIZE})
else()
  # Tests are compiled without optimisation, which is what _FORTIFY_SOURCE asks for.
  target_compile_options(hullwatch_options INTERFACE
    $<$<AND:$<CONFIG:Release,RelWithDebInfo>,$<NOT:$<BOOL:$<TARGET_PROPERTY:HULLWATCH_TEST>>>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>)
endif()
target_link_options(hullwatch_options INTERFACE -Wl,-z,relro,-z,now)

# hullwatch_library(name SOURCES … PUBLIC … PRIVATE …): a static library of one folder of src/, included as "folder/file.h".
function(hullwatch_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE hullwatch_options ${ARG_PRIVATE})
endfunction()

# hullwatch_test(name SOURCES … LIBRARIES …): one GoogleTest executable, run by CTest as one test.
function(hullwatch_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES HULLWATCH_TEST ON)
  target_compile_options(${name} PRIVATE -O0)  # what is tested is optimised; compiling the tests is most of the build
  target_link_libraries(${name} PRIVATE hullwatch_options hullwatch_test_support GTest::gtest_main GTest::gmock ${ARG_LIBRARIES})
  add_test(NAME ${name} COMMAND ${name})
endfunction()

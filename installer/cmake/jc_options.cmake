# SPDX-License-Identifier: Apache-2.0
# One place for language level, warnings and hardening; every target of the project links jc_options.
add_library(jc_options INTERFACE)
target_compile_features(jc_options INTERFACE cxx_std_20)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
target_compile_options(jc_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  -fstack-protector-strong -fvisibility=hidden)
target_compile_definitions(jc_options INTERFACE
  $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2> $<$<NOT:$<CONFIG:Release>>:_GLIBCXX_ASSERTIONS>)
target_include_directories(jc_options INTERFACE "${CMAKE_SOURCE_DIR}/core")
if(JC_WERROR)
  target_compile_options(jc_options INTERFACE -Werror)
endif()
if(JC_SANITIZE)
  target_compile_options(jc_options INTERFACE "-fsanitize=${JC_SANITIZE}" -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(jc_options INTERFACE "-fsanitize=${JC_SANITIZE}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # gcc 12 sees uninitialised values in instrumented library code (std::regex) that are not there; the plain build keeps the warning.
    target_compile_options(jc_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
if(JC_FUZZ)
  # Without this the libraries tell the fuzzer nothing of where an input led.
  target_compile_options(jc_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# jc_library(<room> SOURCES … PUBLIC … PRIVATE …): one folder = one static target jc_<room> = alias jc::<room>.
function(jc_library room)
  cmake_parse_arguments(A "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(jc_${room} STATIC ${A_SOURCES})
  add_library(jc::${room} ALIAS jc_${room})
  target_link_libraries(jc_${room} PUBLIC jc_options ${A_PUBLIC} PRIVATE ${A_PRIVATE})
endfunction()

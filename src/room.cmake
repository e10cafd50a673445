# SPDX-License-Identifier: Apache-2.0
# One static library per room. A room names the rooms it stands on; the order of floors is
# held by tests/house, not here.

add_library(porchlight_warnings INTERFACE)
target_compile_options(porchlight_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  $<$<BOOL:${PORCHLIGHT_WERROR}>:-Werror>)

# room(NAME SOURCES file... [ROOMS room...] [LIBS library...])
# ROOMS are other rooms (their contracts are visible to our users too); LIBS stay private.
function(room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;ROOMS;LIBS" ${ARGN})
  add_library(porchlight_${name} STATIC ${ARG_SOURCES})
  add_library(porchlight::${name} ALIAS porchlight_${name})
  target_include_directories(porchlight_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include)
  target_include_directories(porchlight_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM ARG_ROOMS PREPEND porchlight::)
  target_link_libraries(porchlight_${name} PUBLIC ${ARG_ROOMS} PRIVATE porchlight_warnings ${ARG_LIBS})
endfunction()

# pkg_library(NAME pkg-config-module...): an imported target porchlight_pkg::NAME, headers as SYSTEM.
function(pkg_library name)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${ARGN})
endfunction()

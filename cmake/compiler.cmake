# Flags that every target of netkit shares.
#
# _GNU_SOURCE is stated here once; banned.h is put in front of every source.

# Without this CMake compiles executables as PIE but does not link them as such.
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

add_library(netkit_flags INTERFACE)

target_compile_definitions(netkit_flags INTERFACE _GNU_SOURCE)
target_compile_options(netkit_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
  -Wvla -Wundef -Wcast-qual -Wwrite-strings -Wformat=2 -Wnull-dereference
  -Wimplicit-fallthrough -Wpointer-arith -Wold-style-definition
  -fno-strict-aliasing
  "SHELL:-include ${PROJECT_SOURCE_DIR}/lib/base/banned.h")
if(NETKIT_WERROR)
  target_compile_options(netkit_flags INTERFACE -Werror)
endif()

# The shared and the static library are made of the same position-independent
# objects. Nobody replaces single functions of ours at load time, so calls
# within the library may be inlined.
target_compile_options(netkit_flags INTERFACE -fno-semantic-interposition)

target_compile_options(netkit_flags INTERFACE -fstack-protector-strong)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT NETKIT_SANITIZE)
  target_compile_options(netkit_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
target_link_options(netkit_flags INTERFACE -Wl,-z,relro,-z,now)

# Small functions on the path of every request live in other files than their
# callers, because that is where a reader looks for them; the linker inlines
# them. Fat objects keep the installed static library usable without it.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT NETKIT_SANITIZE)
  include(CheckIPOSupported)
  check_ipo_supported(RESULT NETKIT_IPO OUTPUT NETKIT_IPO_REASON LANGUAGES C)
  if(NETKIT_IPO)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
      target_compile_options(netkit_flags INTERFACE -ffat-lto-objects)
    endif()
  endif()
endif()

if(NETKIT_SANITIZE)
  target_compile_options(netkit_flags INTERFACE
    -fsanitize=${NETKIT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(netkit_flags INTERFACE -fsanitize=${NETKIT_SANITIZE})
endif()

if(NETKIT_COVERAGE)
  target_compile_options(netkit_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(netkit_flags INTERFACE --coverage)
endif()

find_package(Threads REQUIRED)
target_link_libraries(netkit_flags INTERFACE Threads::Threads)

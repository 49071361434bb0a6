# Installs the reactor library for other programs: static and shared library,
# the headers (their tree mirrors lib/), a pkg-config file and a CMake package.
#
#   cc program.c $(pkg-config --cflags --libs netkit-reactor)
#   find_package(NetkitReactor)  ->  Netkit::reactor (shared), Netkit::reactor_static

include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/NetkitReactor)
set(include_dir ${CMAKE_INSTALL_INCLUDEDIR}/netkit)

set_target_properties(reactor PROPERTIES EXPORT_NAME reactor_static)
set_target_properties(reactor_shared PROPERTIES EXPORT_NAME reactor)
install(TARGETS reactor reactor_shared EXPORT NetkitReactorTargets
  INCLUDES DESTINATION ${include_dir})
install(EXPORT NetkitReactorTargets NAMESPACE Netkit:: DESTINATION ${package_dir})

# Left out: what is forced on our own sources (banned.h) and what only the
# files of one folder share (*_private.h).
foreach(floor base os reactor threads net)
  install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/${floor} DESTINATION ${include_dir}
    FILES_MATCHING PATTERN "*.h"
    PATTERN "banned.h" EXCLUDE
    PATTERN "*_private.h" EXCLUDE)
endforeach()

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/NetkitReactorConfig.cmake.in NetkitReactorConfig.cmake
  INSTALL_DESTINATION ${package_dir}
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(NetkitReactorConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/NetkitReactorConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/NetkitReactorConfigVersion.cmake
  DESTINATION ${package_dir})

# Paths in the .pc file are relative to the file itself, so that an installed
# tree can be moved (`cmake --install --prefix` moves it, too).
file(RELATIVE_PATH pc_prefix
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" pc_prefix ${pc_prefix})
configure_file(${PROJECT_SOURCE_DIR}/cmake/netkit-reactor.pc.in netkit-reactor.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/netkit-reactor.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

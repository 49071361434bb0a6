# ccache is used when it is installed; -DCMAKE_C_COMPILER_LAUNCHER= turns it off.
if(NOT DEFINED CMAKE_C_COMPILER_LAUNCHER)
  find_program(NETKIT_CCACHE ccache)
  mark_as_advanced(NETKIT_CCACHE)
  if(NETKIT_CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER ${NETKIT_CCACHE})
  endif()
endif()
